"""A session's pace: a bucket of tokens, one a message, that refills over time.

A bucket is one number: the time at which it is full again. So taking a token needs no knowledge of the bucket as long
as it is full, which it mostly is. (ATM networks call this the generic cell rate algorithm.)
"""

from dataclasses import dataclass
from typing import Final

_ROUNDING: Final = 1.0
"""Milliseconds that a token may come early: times are sums of fractions."""


@dataclass(frozen=True, slots=True)
class Pace:
    """``burst`` messages at once after a pause, ``per_minute`` in the long run. Times are in milliseconds."""

    burst: int
    per_minute: int

    @property
    def interval(self) -> float:
        """Milliseconds in which one token comes back."""
        return 60_000 / self.per_minute

    def latest(self, now: int) -> float:
        """Return the latest time at which a bucket may be full again that has a token left at ``now``."""
        return now + (self.burst - 1) * self.interval + _ROUNDING

    def taken(self, full_at: float, *, now: int) -> float:
        """Return when the bucket is full again, once a token is taken at ``now``."""
        return max(full_at, now) + self.interval

    def wait(self, full_at: float, *, now: int) -> float:
        """Return the seconds until there is a whole token; 0 if there is one."""
        missing = self.taken(full_at, now=now) - now - self.burst * 60_000 / self.per_minute
        return missing / 1000 if missing > _ROUNDING else 0.0
