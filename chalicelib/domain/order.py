"""What a worker's task is started for, and the environment variables that tell it so, spelled here alone.

The functions write an order into the overrides of RunTask, the worker reads it as its environment, and the event of the
task's end brings it back. Functions and workers of different versions meet over it: a variable is never renamed, and a
reader ignores those that it doesn't know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

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
