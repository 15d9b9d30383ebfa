"""What waiting calls need from outside."""

from typing import Protocol

from msgspec import Struct


class WaitingPlace(Struct, frozen=True):
    """A place to wait in, taken by one call; ``holder`` is new each time that it is taken."""

    number: int
    holder: str


class WaitingPlaces(Protocol):
    """So many calls of all functions may wait at a time."""

    def take(self, *, now: int, until: int) -> WaitingPlace | None:
        """Take a place that is free, until then at the longest; None if none was found.

        A place whose holder died is free at its ``until``. Both are in milliseconds since the Unix epoch.
        """

    def give_back(self, place: WaitingPlace) -> None:
        """Free the place, unless it is another's by now."""
