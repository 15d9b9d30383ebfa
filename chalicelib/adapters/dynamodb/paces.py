"""The sessions' buckets of tokens, in the table."""

from dataclasses import dataclass
from typing import Final

from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.domain.pace import Pace

THOUSAND: Final = 1_000
"""Tokens are stored in thousandths: numbers in the table are whole."""


@dataclass(frozen=True, slots=True)
class DynamoPaces:
    """The Paces port."""

    table: Table
    pace: Pace

    def take(self, uid: str, *, now: int) -> float:
        """Write the bucket less one token on condition of the very bucket that was read; again after a lost race."""
        while True:
            stands = self.table.get(f"S#{uid}", "PACE")
            tokens = self._tokens(stands["tokens"], stands["at"], now) if stands else float(self.pace.burst)
            wait = self.pace.wait(tokens)
            if wait:
                return wait
            # A clock that is behind another's doesn't turn time back, or the same seconds would refill twice.
            at = max(now, stands["at"]) if stands else now
            item = {"pk": f"S#{uid}", "sk": "PACE", "v": 1, "tokens": int((tokens - 1) * THOUSAND), "at": at}
            same = (
                Condition(
                    "tokens = :tokens AND #at = :at", {":tokens": stands["tokens"], ":at": stands["at"]}, {"#at": "at"}
                )
                if stands
                else Condition("attribute_not_exists(pk)", {})
            )
            if self.table.put(item, same) is None:
                return 0.0

    def _tokens(self, thousandths: int, since: int, now: int) -> float:
        return self.pace.refilled(thousandths / THOUSAND, since=since, now=now)
