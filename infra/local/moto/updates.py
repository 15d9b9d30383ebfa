"""UpdateItem of moto's DynamoDB, for updates like ones that moto has made.

moto parses an update's expression twice, copies its tree, and walks through it two dozen times to find out whether it
is sound. That depends on the texts, the names and the values' types alone. So an update whose texts, names and types
moto has accepted before, and which only sets and removes whole attributes of an item that is there, is made here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.dynamodb.comparisons import create_condition_expression_parser
from moto.dynamodb.exceptions import ConditionalCheckFailed, ItemSizeToUpdateTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from infra.local.moto.patching import Place
from infra.local.moto.values import LARGEST

MOST: Final = 1000
"""Accepted kinds of updates that are known; all are forgotten then."""
KNOWN: Final = frozenset(
    {
        "TableName",
        "Key",
        "UpdateExpression",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    }
)
"""The parameters of an update that is made here."""
_NAME: Final = r"\s*(#?\w+)\s*"
_SET: Final = re.compile(rf"{_NAME}=(?:{_NAME}([+-]))?\s*(:\w+)\s*")
_WHOLE: Final = re.compile(r"\s*(?:SET\s(?P<sets>[^()\[\].]+?))??\s*(?:REMOVE\s(?P<removes>[#\w\s,]+))?")
_UPDATE: Final = DynamoHandler.update_item
_accepted: Final[set[Any]] = set()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What an expression does.

    Of each attribute that it sets: name, name of the number that the value is added to or subtracted from (if there is
    one), sign and value's name.
    """

    sets: tuple[tuple[str, str | None, str | None, str], ...]
    removes: tuple[str, ...]


@lru_cache(1000)
def _plan(text: str) -> _Plan | None:
    """Read an expression; return None for one that does more than set and remove attributes."""
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        return None
    sets = [_SET.fullmatch(one) for one in (whole["sets"] or "").split(",") if whole["sets"]]
    found = tuple((one[1], one[2], one[3], one[4]) for one in sets if one is not None)
    removes = tuple(name.strip() for name in (whole["removes"] or "").split(",") if whole["removes"])
    return _Plan(found, removes) if len(found) == len(sets) else None


def _update_item(handler: DynamoHandler) -> ActionResult:
    """Answer as moto does."""
    body: Mapping[str, Any] = handler.body
    table = handler.dynamodb_backend.get_table(body["TableName"])
    kind = _kind(table, body)
    plan = _plan(body["UpdateExpression"]) if kind else None
    if plan is None:
        return _UPDATE(handler)
    item = _stored(table, body["Key"]) if kind in _accepted else None
    changed = _changed(item, plan, body) if item is not None else None
    if item is None or changed is None:
        answer = _UPDATE(handler)
        if len(_accepted) >= MOST:
            _accepted.clear()
        _accepted.add(kind)
        return answer
    table.items[item.hash_key][item.range_key] = changed
    if table.stream_shard is not None:
        table.stream_shard.add(item, changed)
    return ActionResult({"ConsumedCapacity": {"TableName": body["TableName"], "CapacityUnits": 0.5}})


def _kind(table: Table, body: Mapping[str, Any]) -> Any:
    """Return what decides whether an update is sound; None for one that moto has to look at."""
    values = body.get("ExpressionAttributeValues", {})
    types = tuple((name, *value) for name, value in values.items())
    if (
        body.keys() - KNOWN
        or not body.get("UpdateExpression")
        or body["Key"].keys() != {table.hash_key_attr, table.range_key_attr}
        # An empty text is no key of an index.
        or any("" in value.values() for value in values.values())
    ):
        return None
    names = tuple(body.get("ExpressionAttributeNames", {}).items())
    return table.name, body["UpdateExpression"], body.get("ConditionExpression"), names, types


def _stored(table: Table, key: Mapping[str, Any]) -> Item | None:
    hash_key, range_key = (DynamoType(key[name]) for name in table.table_key_attrs)
    found: Item | None = table.items.get(hash_key, {}).get(range_key)
    return found


def _changed(item: Item, plan: _Plan, body: Mapping[str, Any]) -> Item | None:
    """Return the item as the update leaves it, None if moto has to say why it can't.

    Raises moto's errors of an item that doesn't fulfil the condition, and of one that gets too large.
    """
    names, values = body.get("ExpressionAttributeNames", {}), body.get("ExpressionAttributeValues", {})
    if not create_condition_expression_parser(body.get("ConditionExpression"), names, values).parse().expr(item):
        if body.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
            raise ConditionalCheckFailed(item=item.to_json()["Attributes"])
        raise ConditionalCheckFailed
    attributes = LimitedSizeDict.__new__(LimitedSizeDict)
    dict.update(attributes, item.attrs)
    for name, before, sign, value in plan.sets:
        given = DynamoType(values[value])
        if before is not None:
            number = item.attrs.get(names.get(before, before))
            if number is None or not number.is_number() or not given.is_number():
                return None
            given = number + given if sign == "+" else number - given
        dict.__setitem__(attributes, names.get(name, name), given)
    for name in plan.removes:
        attributes.pop(names.get(name, name), None)
    changed = Item(item.hash_key, item.range_key, {})
    changed.attrs = attributes
    if changed.size() > LARGEST:
        raise ItemSizeToUpdateTooLarge
    return changed


PLACES: Final = (Place(DynamoHandler, "update_item", _update_item),)
