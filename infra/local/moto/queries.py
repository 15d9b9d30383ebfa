"""Queries of moto's DynamoDB that look at one partition.

moto sorts the whole table for each query, then measures each item of the partition. Here it is shown a table that holds
nothing but what can be among the answer; that it sorts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from moto.dynamodb.comparisons import get_comparison_func
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from infra.local.moto.patching import Place

Rows = Mapping[DynamoType, Mapping[DynamoType, Item]]
_QUERY: Final = Table.query


def _query(
    table: Table,
    hash_key: DynamoType | None,
    comparison: str | None,
    ends: list[DynamoType],
    *given: Any,
    **named: Any,
) -> Any:
    """Return what moto finds; its parameters are the same."""
    if hash_key is None or not table.has_range_key:
        return _QUERY(table, hash_key, comparison, ends, *given, **named)
    # The names that the caller gives by place: limit, start, direction, projection, index.
    index = named.get("index_name", given[4] if len(given) > 4 else None)
    rows = _rows(table, hash_key, index, comparison, ends)
    view: Any = object.__new__(type(table))
    vars(view).update(
        vars(table), all_items=lambda: [item for partition in rows.values() for item in partition.values()]
    )
    return _QUERY(view, hash_key, comparison, ends, *given, **named)


def _rows(
    table: Table, hash_key: DynamoType, index: str | None, comparison: str | None, ends: Sequence[DynamoType]
) -> Rows:
    """Return the items that can be among the answer."""
    for one in table.global_indexes:
        if one.name == index:
            return _indexed(table, one.schema, hash_key)
    partition = table.items.get(hash_key, {})
    compare = get_comparison_func(comparison) if comparison and not index else None
    if compare is None:
        return {hash_key: partition}
    limits = [one.cast_value for one in ends]
    return {hash_key: {key: item for key, item in partition.items() if compare(key.cast_value, *limits)}}


def _indexed(table: Table, schema: Sequence[Mapping[str, str]], value: DynamoType) -> Rows:
    [name, *_] = (one["AttributeName"] for one in schema if one["KeyType"] == "HASH")
    found = {}
    for hash_key, partition in table.items.items():
        # An index leaves out what lacks its attributes, which is most.
        mine = {key: item for key, item in partition.items() if name in item.attrs and item.attrs[name] == value}
        if mine:
            found[hash_key] = mine
    return found


PLACES: Final = (Place(Table, "query", _query),)
