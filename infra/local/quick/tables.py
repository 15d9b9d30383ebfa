"""A query looks at the one partition that it is about: moto sorts the whole table for each."""

from collections.abc import Callable
from typing import Any, Final

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from infra.local.quick.places import Place

_query: Final[Callable[..., Any]] = Table.query
Conditions = list[tuple[str, DynamoType]] | None


def query(table: Table, *given: Any, hash_key_conditions: Conditions = None, **named: Any) -> Any:
    """Return what moto's query finds, in a table of no more than the partition that the conditions name, if any."""
    key = dict(hash_key_conditions or []).get(table.hash_key_attr)
    if key is not None:
        table = _part(table, key)
    return _query(table, *given, **named, hash_key_conditions=hash_key_conditions)


def _part(table: Table, key: DynamoType) -> Table:
    kind: Any = Table
    part: Table = object.__new__(kind)
    rows = table.items.get(key, {})
    # Sorted by nothing: a query sorts what it finds.
    every = list(rows.values()) if table.range_key_attr else [rows] if rows else []
    vars(part).update(vars(table), all_items=lambda: every)
    return part


PLACES: Final = (Place(Table, "query", query),)
