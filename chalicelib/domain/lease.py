"""The lease: a worker's proof of life, and its arithmetic. Which claim is in force stands on the session (epoch).

A lease lasts for TTL from its last renewal, and others wait GRACE longer, since clocks differ. Its worker renews it
every RENEW_EVERY and ends itself FENCE_AFTER the last good renewal was sent. FENCE_AFTER is shorter than TTL, so a
worker is gone before anybody else may act, whatever became of its renewals.
"""

from dataclasses import dataclass
from typing import Final, Self

from chalicelib.domain.order import SessionClaim
from chalicelib.domain.session import LIVE, Session, Status

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

    @classmethod
    def of(cls, claim: SessionClaim, *, now: int) -> Self:
        """Return the lease of a claim, as it is acquired or renewed at ``now``."""
        return cls(uid=claim.uid, worker=claim.worker, epoch=claim.epoch, until=now + TTL)

    def holds(self, now: int) -> bool:
        """Whether its worker may still be at work at ``now``, clocks differing by GRACE at most."""
        return not self.released and self.until + GRACE > now

    def admits(self, *, epoch: int, now: int) -> bool:
        """Whether a worker of ``epoch`` may take it over: it is free, and of no later epoch."""
        return self.epoch <= epoch and not self.holds(now)


def renewal_due_in(renewed: int, now: int) -> int:
    """Return in how many milliseconds a lease is to be renewed whose last good renewal was sent at ``renewed``."""
    return renewed + RENEW_EVERY - now


def fenced_in(renewed: int, now: int) -> int:
    """Return in how many milliseconds its worker must have ended, none left from 0 on; both times are monotonic."""
    return renewed + FENCE_AFTER - now


def in_force(claim: SessionClaim, session: Session | None) -> bool:
    """Whether ``claim`` is the one in force on ``session``, and there is something to serve."""
    if session is None or (session.worker, session.epoch) != (claim.worker, claim.epoch):
        return False
    return session.status in LIVE or session.status is Status.DELETING
