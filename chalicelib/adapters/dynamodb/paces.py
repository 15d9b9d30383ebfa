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
        """Write the bucket less a token: at once where it is full, else over the very bucket that stands."""
        free = Condition("attribute_not_exists(pk) OR full_at <= :now", {":now": now * MICROSECONDS})
        stands = self._write(uid, self.pace.taken(0, now=now), free)
        while stands:
            full_at = stands.item["full_at"] if stands.item else 0
            wait = self.pace.wait(full_at / MICROSECONDS, now=now)
            if wait:
                return wait
            same = Condition("full_at = :stands", {":stands": full_at})
            stands = self._write(uid, self.pace.taken(full_at / MICROSECONDS, now=now), same)
        return 0.0

    def _write(self, uid: str, full_at: float, condition: Condition) -> Refused | None:
        item = {"pk": f"S#{uid}", "sk": self.of, "full_at": round(full_at * MICROSECONDS)}
        return self.table.put({**item, "ttl": int(full_at / 1000) + KEPT}, condition)
