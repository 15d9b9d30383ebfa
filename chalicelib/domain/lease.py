"""The lease: a worker's proof of life, and its arithmetic. Which claim is in force stands on the session (epoch)."""

from dataclasses import dataclass
from typing import Final

TTL: Final = 30_000
"""Milliseconds that a lease lasts from its last renewal."""
GRACE: Final = 5_000
"""Milliseconds that others wait past the expiry, for clocks that differ."""
RENEW_EVERY: Final = 10_000
"""Milliseconds between renewals."""
FENCE_AFTER: Final = 20_000
"""Milliseconds since the last good renewal was *sent* after which a worker ends itself: well before others may act."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who serves the session, under which epoch, until when (milliseconds since the Unix epoch)."""

    uid: str
    worker: str
    epoch: int
    until: int
    released: bool = False

    def holds(self, now: int) -> bool:
        """Whether its worker may still be at work at ``now``, clocks differing by GRACE at most."""
        return not self.released and self.until + GRACE > now

    def admits(self, *, epoch: int, now: int) -> bool:
        """Whether a worker of ``epoch`` may take it over: it is free, and of no later epoch."""
        return self.epoch <= epoch and not self.holds(now)
