"""How fast a session may send, and how much of everything a tenant may have.

Pace: a session has a bucket of tokens, which is one number: the time at which it is full again. So taking a token needs
no knowledge of the bucket as long as it is full, which it mostly is. (ATM networks call this the generic cell rate
algorithm.)

Quotas: what is kept (sessions, users, API keys, running sessions) is counted by looking: what is new is written to the
tenant's list, then the list is counted, and a call that finds the list too long removes its own entry again. Of several
calls at once each has written before it counts, so the last one to count sees all entries that stay: the quota is never
exceeded, though two calls that compete for the last place may both be refused. There is no counter that could drift
away from what exists, and the count costs at most one query over the quota's number of small items.

What passes (tickets) is counted in a counter a minute, by one conditional write.
"""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import SessionQuotaExceeded

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
        """Return the latest time of being full again at which a bucket has a token left at ``now``."""
        return now + (self.burst - 1) * self.interval + _ROUNDING

    def taken(self, full_at: float, *, now: int) -> float:
        """Return when the bucket is full again, once a token is taken at ``now``."""
        return max(full_at, now) + self.interval

    def wait(self, full_at: float, *, now: int) -> float:
        """Return the seconds until there is a whole token; 0 if there is one."""
        missing = self.taken(full_at, now=now) - now - self.burst * 60_000 / self.per_minute
        return missing / 1000 if missing > _ROUNDING else 0.0


@dataclass(frozen=True, slots=True)
class Quotas:
    """What each tenant may have; 0 is no limit. ``tickets`` are counted a minute, ``workers`` at a time."""

    sessions: int = 0
    users: int = 0
    keys: int = 0
    tickets: int = 0
    workers: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """A session's place among its tenant's running ones; ``at`` is when it was last taken, in ms since the epoch."""

    uid: str
    at: int


def too_many_sessions(most: int) -> SessionQuotaExceeded:
    """Return the error for a tenant that has ``most`` sessions, which is all that it may have."""
    return SessionQuotaExceeded(
        f"This tenant has {most} sessions, as many as it may have.", hint="Delete one that isn't used."
    )
