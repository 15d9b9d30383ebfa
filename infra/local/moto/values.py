"""The values of moto's DynamoDB, quick to compare and to measure, and an item's size, which moto counts wrong.

DynamoDB counts the item as the write leaves it. Without this an update that rewrites a text of 200 KB is refused here
and nowhere else.

moto asks a value for each of its types in turn, a dozen calls, before it knows what the value is worth; and a query
compares and measures every item of a partition. Here the commonest types come first.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

from infra.local.moto.patching import Place

LARGEST: Final = 400 * 1024
"""Bytes of an item's names and values at the most: DynamoDB's own limit."""
_WORTH: Final[Callable[[DynamoType], Any]] = vars(DynamoType)["cast_value"].fget
_SIZE: Final = DynamoType.size


def _worth(value: DynamoType) -> Any:
    """Return a value as Python has it."""
    match value.type:
        case "S" | "BOOL":
            return value.value
        case "N":
            return Decimal(value.value)
        case _:
            return _WORTH(value)


def _size(value: DynamoType) -> int:
    """Return a value's bytes."""
    held = value.value
    match value.type:
        case "S":
            return len(held) if held.isascii() else len(held.encode())
        case "N":
            return len(str(held))
        case "M":
            return sum(len(name.encode()) + one.size() for name, one in held.items())
        case _:
            return _SIZE(value)


def _item_size(item: Item) -> int:
    """Return the bytes of an item's names and values."""
    return sum(len(name.encode()) + value.size() for name, value in item.attrs.items())


def _make_item(item: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: Mapping[str, Any]) -> None:
    """Fill a new item; raises ItemSizeTooLarge."""
    item.hash_key, item.range_key = hash_key, range_key
    item.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    dict.update(item.attrs, {name: DynamoType(value) for name, value in attrs.items()})
    if item.size() > LARGEST:
        raise ItemSizeTooLarge


def _set(attributes: LimitedSizeDict, name: str, value: Any) -> None:
    """Set an attribute, in the place of the one of that name; raises ItemSizeTooLarge."""
    others = sum(len(one.encode()) + _bytes(held) for one, held in attributes.items() if one != name)
    if others + len(name.encode()) + _bytes(value) > LARGEST:
        raise ItemSizeTooLarge
    dict.__setitem__(attributes, name, value)


def _bytes(value: Any) -> int:
    return value.size() if isinstance(value, DynamoType) else len(str(value).encode())


def _hash(value: DynamoType) -> int:
    return hash((value.type, value.cast_value))


def _equal(value: DynamoType, other: DynamoType) -> bool:
    kind = value.type
    if kind != other.type:
        return False
    if kind == "S":
        return bool(value.value == other.value)
    return bool(value.cast_value == other.cast_value)


def _less(value: DynamoType, other: DynamoType) -> bool:
    if value.type == other.type == "S":
        return bool(value.value < other.value)
    return bool(value.cast_value < other.cast_value)


PLACES: Final = (
    Place(DynamoType, "cast_value", property(_worth)),
    Place(DynamoType, "size", _size),
    Place(DynamoType, "__hash__", _hash),
    Place(DynamoType, "__eq__", _equal),
    Place(DynamoType, "__lt__", _less),
    Place(Item, "size", _item_size),
    Place(Item, "__init__", _make_item),
    Place(LimitedSizeDict, "__setitem__", _set),
)
