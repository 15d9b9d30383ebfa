"""Replacing functions of moto's; and the size of an item, which moto counts wrong.

DynamoDB counts the item as the write leaves it. Without this an update that rewrites a text of 200 KB is refused here
and nowhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, LimitedSizeDict

_BEFORE: Final[dict["Place", Any]] = {}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a replacement belongs: the attribute ``name`` of a class or module."""

    owner: Any
    name: str
    replacement: Any


def put_in_place(places: Iterable[Place]) -> None:
    """Install each replacement, once a process."""
    for one in places:
        if one not in _BEFORE:
            _BEFORE[one] = vars(one.owner).get(one.name)
            setattr(one.owner, one.name, one.replacement)


LARGEST: Final = 400 * 1024
"""Bytes of an item's names and values at the most: DynamoDB's own limit."""


def count_items_as_dynamodb_does() -> None:
    """Have this process's moto count the item as the write leaves it. Repeatable."""
    LimitedSizeDict.__setitem__ = _set  # type: ignore[method-assign]


def _set(attributes: LimitedSizeDict, name: str, value: Any) -> None:
    """Set an attribute, in the place of the one of that name; raises ItemSizeTooLarge."""
    others = sum(_size(one) + _size(held) for one, held in attributes.items() if one != name)
    if others + _size(name) + _size(value) > LARGEST:
        raise ItemSizeTooLarge
    dict.__setitem__(attributes, name, value)


def _size(part: Any) -> int:
    return part.size() if isinstance(part, DynamoType) else len(str(part).encode())
