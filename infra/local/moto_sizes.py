"""How large an item is: moto counts an attribute that is written anew twice, once as it was and once as it becomes.

DynamoDB counts the item as the write leaves it. Without this an update that rewrites a text of 200 KB is refused here
and nowhere else.
"""

from typing import Any, Final

from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, LimitedSizeDict

LARGEST: Final = 400 * 1024
"""Bytes of an item's names and values at the most: DynamoDB's own limit."""


def count_items_as_dynamodb_does() -> None:
    """Have moto of this process do so; again does nothing."""
    LimitedSizeDict.__setitem__ = _set  # type: ignore[method-assign]


def _set(attributes: LimitedSizeDict, name: str, value: Any) -> None:
    """Set an attribute, in the place of the one of that name; raises ItemSizeTooLarge."""
    others = sum(_size(one) + _size(held) for one, held in attributes.items() if one != name)
    if others + _size(name) + _size(value) > LARGEST:
        raise ItemSizeTooLarge
    dict.__setitem__(attributes, name, value)


def _size(part: Any) -> int:
    return part.size() if isinstance(part, DynamoType) else len(str(part).encode())
