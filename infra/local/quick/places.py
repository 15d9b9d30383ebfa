"""Putting a function in another's place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

_BEFORE: Final[dict["Place", Any]] = {}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a replacement belongs: the attribute ``name`` of a class or module."""

    owner: Any
    name: str
    replacement: Any


def put_in_place(places: Iterable[Place]) -> None:
    """Put each replacement where it belongs, and keep what was there, if anything; those in place stay."""
    for one in places:
        if one not in _BEFORE:
            _BEFORE[one] = vars(one.owner).get(one.name)
            setattr(one.owner, one.name, one.replacement)


def replaced(owner: Any, name: str) -> Any:
    """Return what was in a place before; raises StopIteration if nothing was put there."""
    return next(before for place, before in _BEFORE.items() if (place.owner, place.name) == (owner, name))
