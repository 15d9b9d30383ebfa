"""The sessions' buckets of tokens, in the table."""

from dataclasses import dataclass
from typing import Final

from chalicelib.adapters.dynamodb.table import Condition, Refused, Table
from chalicelib.domain.pace import Pace

MICROSECONDS: Final = 1_000
"""In a millisecond. Numbers in the table are whole, and a token may take a fraction of a millisecond."""
KEPT: Final = 86_400
"""Seconds until DynamoDB may remove a bucket that is full: it is as good as none."""


@dataclass(frozen=True, slots=True)
class DynamoPaces:
    """The Paces port; ``of`` is what the bucket is for, so that a session can have several."""

    table: Table
    pace: Pace
    of: str = "PACE"

    def take(self, uid: str, *, now: int) -> float:
        """Write the bucket less a token: anew where it is full, else by adding to what stands.

        Adding needs no knowledge of what stands, so however many take tokens at once, none waits for another.
        """
        micros = round(now * MICROSECONDS)
        full = Condition("attribute_not_exists(pk) OR full_at <= :now", {":now": micros})
        some = Condition(
            "full_at > :now AND full_at <= :latest",
            {":now": micros, ":latest": int(self.pace.latest(now) * MICROSECONDS)},
        )
        while stands := self._fill(uid, now, full):
            wait = self.pace.wait(_full_at(stands) / MICROSECONDS, now=now)
            if wait:
                return wait
            stands = self._add(uid, now, some)
            if stands is None:
                break
            # It got full, or was emptied, in between.
            wait = self.pace.wait(_full_at(stands) / MICROSECONDS, now=now)
            if wait:
                return wait
        return 0.0

    def _fill(self, uid: str, now: int, condition: Condition) -> Refused | None:
        full_at = round(self.pace.taken(0, now=now) * MICROSECONDS)
        item = {"pk": f"S#{uid}", "sk": self.of, "full_at": full_at}
        return self.table.put({**item, "ttl": self._ends(now)}, condition)

    def _add(self, uid: str, now: int, condition: Condition) -> Refused | None:
        step = {":step": round(self.pace.interval * MICROSECONDS), ":ttl": self._ends(now)}
        change = Condition("SET full_at = full_at + :step, #ttl = :ttl", step, {"#ttl": "ttl"})
        return self.table.update(f"S#{uid}", self.of, change, condition)

    def _ends(self, now: int) -> int:
        return int(self.pace.latest(now) / 1000) + KEPT


def _full_at(stands: Refused) -> int:
    return int(stands.item["full_at"]) if stands.item else 0
