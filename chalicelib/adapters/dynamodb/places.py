"""Places of waiting calls, each an item of its own: no counter that a dying function would leave wrong, no busy key."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from random import SystemRandom
from typing import Final

from msgspec import Struct

from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.services.ports import NewId, Unavailable
from chalicelib.services.ports.waiting import WaitingPlace

TRIES: Final = 6
"""Places that a call looks at, in no order. Where four of five are taken, one call in four finds none."""

Draw = Callable[[int, int], Sequence[int]]
"""Draws some of the numbers below the first argument, as many as the second one says."""


def drawn(below: int, count: int) -> Sequence[int]:
    """Return ``count`` of the numbers below ``below``, each as likely as any other, none twice."""
    return SystemRandom().sample(range(below), count)


class DynamoPlaces(Struct, frozen=True):
    """The WaitingPlaces port; ``most`` calls may wait, 0 for any number."""

    table: Table
    most: int
    new_id: NewId
    draw: Draw = drawn

    def take(self, *, now: int, until: int) -> WaitingPlace | None:
        """Write the first of some places whose end has passed, or which nobody has."""
        holder = self.new_id()
        if not self.most:
            return WaitingPlace(-1, holder)
        free = Condition("attribute_not_exists(pk) OR ends_at < :now", {":now": now})
        for number in self.draw(self.most, min(self.most, TRIES)):
            item = {
                "pk": f"WAIT#{number}",
                "sk": "PLACE",
                "holder": holder,
                "ends_at": until,
                "ttl": until // 1000 + 60,
            }
            if self.table.put(item, free) is None:
                return WaitingPlace(number, holder)
        return None

    def give_back(self, place: WaitingPlace) -> None:
        """Remove the place of that holder; what can't be removed now ends by itself."""
        if place.number < 0:
            return
        with suppress(Unavailable):
            self.table.delete(f"WAIT#{place.number}", "PLACE", Condition("holder = :holder", {":holder": place.holder}))
