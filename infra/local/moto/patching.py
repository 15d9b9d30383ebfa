"""Replacing functions of moto's."""

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
    """Install each replacement, once a process."""
    for one in places:
        if one not in _BEFORE:
            _BEFORE[one] = vars(one.owner).get(one.name)
            setattr(one.owner, one.name, one.replacement)
