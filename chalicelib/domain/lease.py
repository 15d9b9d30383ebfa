"""What a worker's task is started for (its order), and its lease on the session: its proof of life.

The functions write an order into the overrides of RunTask, the worker reads it as its environment, and the event of the
task's end brings it back. Functions and workers of different versions meet over it: a variable is never renamed, and a
reader ignores those that it doesn't know.

A lease lasts for TTL from its last renewal, and others wait GRACE longer, since clocks differ. Its worker renews it
every RENEW_EVERY and throws its client away FENCE_AFTER the last good renewal was sent. FENCE_AFTER is shorter than
TTL, so the client is gone before anybody else may act, whatever became of the renewals.

A lease that has run out says that its worker couldn't reach the table, not that there is none: it may be the table that
couldn't be reached. So before another worker is claimed, the one that is there is called: the call is written on the
lease, which shows that the table takes writes again, and the worker has ANSWERS_WITHIN from then on to take the lease
once more. A lease that was given back needs no call.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from chalicelib.domain.session import Session, Status

WORKER: Final = "SWITCHBOARD_WORKER"
MAILBOX: Final = "SWITCHBOARD_MAILBOX"
TENANT: Final = "SWITCHBOARD_TENANT"
SESSION: Final = "SWITCHBOARD_SESSION"
UID: Final = "SWITCHBOARD_UID"
EPOCH: Final = "SWITCHBOARD_EPOCH"
VARIABLES: Final = (WORKER, MAILBOX, TENANT, SESSION, UID, EPOCH)


@dataclass(frozen=True, slots=True)
class SessionClaim:
    """The session that a worker is to serve, and under which epoch. All it writes carries all three.

    Of two claims on one session the one with the later epoch is in force.
    """

    uid: str
    worker: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker's task is started for; no secret is in it. The order of a standby names no session yet.

    ``mailbox`` is the URL of the worker's queue. ``refusals`` is how often ECS has refused the order so far, which
    makes it a new request; ``on_demand`` rules Spot out. Both are the reconciler's affair, and no variable tells them.
    """

    worker: str
    mailbox: str
    tenant: str | None = None
    session: str | None = None
    uid: str | None = None
    epoch: int | None = None
    refusals: int = 0
    on_demand: bool = False

    @property
    def claim(self) -> SessionClaim | None:
        """The claim on a session; None for a standby that has none yet."""
        return None if self.uid is None or self.epoch is None else SessionClaim(self.uid, self.worker, self.epoch)

    def to_env(self) -> dict[str, str]:
        """Return the variables that tell the order; those of a standby name no session."""
        values = {
            WORKER: self.worker,
            MAILBOX: self.mailbox,
            TENANT: self.tenant,
            SESSION: self.session,
            UID: self.uid,
            EPOCH: None if self.epoch is None else str(self.epoch),
        }
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Return the order that ``env`` tells; raises KeyError if it names no worker or no mailbox."""
        uid = env.get(UID)
        return cls(
            worker=env[WORKER],
            mailbox=env[MAILBOX],
            tenant=env.get(TENANT),
            session=env.get(SESSION),
            uid=uid,
            epoch=int(env[EPOCH]) if uid else None,
        )


TTL: Final = 30_000
"""Milliseconds that a lease lasts from its last renewal."""
GRACE: Final = 5_000
"""Milliseconds that others wait past the expiry, for clocks that differ."""
RENEW_EVERY: Final = 10_000
"""Milliseconds between renewals."""
FENCE_AFTER: Final = 20_000
"""Milliseconds since the last good renewal was *sent* after which the client is gone: well before others may act."""
ANSWERS_WITHIN: Final = 45_000
"""Milliseconds from the call until nobody waits any more for the worker of a lease that has run out.

Longer than it takes a worker that waits. Where workers alone can't reach the table, a lease runs out 25 s into the
trouble at the earliest: so the first 70 s of it cost none of them its claim.
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who serves the session, under which epoch, until when (milliseconds since the Unix epoch).

    ``ended`` says of a released one that its worker's process is known to have ended while its host went on, so that
    what the process wrote is on the disk; False where nobody can tell. ``called_at`` is when (milliseconds since the
    Unix epoch) its worker was called last, 0 if never; a call counts only until the next renewal. ``holder`` is the
    number that the process drew which acquired it: a task that was started twice is two processes under one claim.
    """

    uid: str
    worker: str
    epoch: int
    until: int
    released: bool = False
    ended: bool = False
    called_at: int = 0
    holder: int = 0

    @classmethod
    def of(cls, claim: SessionClaim, *, holder: int, now: int) -> Self:
        """Return the lease of a claim, as ``holder`` acquires or renews it at ``now``."""
        return cls(uid=claim.uid, worker=claim.worker, epoch=claim.epoch, until=now + TTL, holder=holder)

    def same_hold(self, other: "Lease") -> bool:
        """Whether one process holds both under one claim, however long each lasts; a released one nobody holds."""
        mine, others = ((one.uid, one.worker, one.epoch, one.holder) for one in (self, other))
        return mine == others and not (self.released or other.released)

    def holds(self, now: int) -> bool:
        """Whether its worker may still be at work at ``now``, clocks differing by GRACE at most."""
        return not self.released and self.until + GRACE > now

    @property
    def answer_by(self) -> int | None:
        """When (milliseconds since the Unix epoch) the time of its called worker is up; None if it isn't called.

        Only an expired lease is called, and a renewal sets the expiry far beyond: so a renewed one isn't called.
        """
        return self.called_at + ANSWERS_WITHIN if self.called_at > self.until else None

    def given_up(self, now: int) -> bool:
        """Whether nobody waits for its worker any more: it was given back, or has run out and a call was in vain."""
        return self.released or (not self.holds(now) and self.answer_by is not None and now >= self.answer_by)

    def admits(self, *, epoch: int, now: int) -> bool:
        """Whether a worker of ``epoch`` may take it over: it is free, and of no later epoch."""
        return self.epoch <= epoch and not self.holds(now)


def renewal_due_in(renewed: int, now: int) -> int:
    """Return in how many milliseconds a lease is to be renewed whose last good renewal was sent at ``renewed``."""
    return renewed + RENEW_EVERY - now


def fenced_in(renewed: int, now: int) -> int:
    """Return in how many milliseconds its client must be gone, none left from 0 on; both times are monotonic."""
    return renewed + FENCE_AFTER - now


def in_force(claim: SessionClaim, session: Session | None) -> bool:
    """Whether ``claim`` is the one in force on ``session``, and there is something to serve."""
    if session is None or (session.worker, session.epoch) != (claim.worker, claim.epoch):
        return False
    return session.live or session.status is Status.DELETING
