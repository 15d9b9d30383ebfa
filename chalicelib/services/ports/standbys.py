"""The standby pool, and the upgrade that replaces workers."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Standby:
    """A worker that waits for a session. Unassigned, it has neither uid nor epoch; ``until`` is its proof of life.

    ``task`` is the task definition that it was started from.
    """

    worker: str
    mailbox: str
    until: int
    ready: bool = False
    uid: str | None = None
    epoch: int | None = None
    task: str | None = None


class StandbyStore(Protocol):
    """The standby pool."""

    def all(self) -> list[Standby]:
        """Return the standbys, read consistently."""

    def get(self, worker: str) -> Standby | None:
        """Return one, read consistently."""

    def put(self, standby: Standby) -> None:
        """Add a standby that is about to be started."""

    def renew(self, worker: str, *, until: int) -> bool:
        """Say that it is ready and alive, if it is still in the pool and unassigned."""

    def assign(self, worker: str, *, uid: str, epoch: int) -> bool:
        """Give it a session, if it is ready and has none."""

    def free(self, worker: str, *, uid: str, epoch: int) -> bool:
        """Take the session from it again, if it has that one."""

    def retire(self, worker: str) -> bool:
        """Take it out of the pool unless it was given a session; it ends by itself when it misses its place."""

    def serve(self, worker: str, *, uid: str, epoch: int) -> None:
        """Take it out of the pool for good, to serve that session; the worker calls this when it holds the lease."""

    def given(self, worker: str) -> tuple[str, int] | None:
        """Return the (uid, epoch) that the worker was given, if it was given one."""

    def forget(self, worker: str) -> None:
        """Forget a worker whose task has ended; one that isn't known is no error."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """How far the workers' replacement by those of task definition ``task`` has come, since ``begun_at``.

    The round over all sessions with a worker has come to the uid ``after``; ``left`` says that it has met one that
    still has to be replaced.
    """

    task: str
    begun_at: int
    after: str = ""
    left: bool = False
    done: bool = False


class UpgradeStore(Protocol):
    """The one upgrade that there is."""

    def get(self) -> Upgrade | None:
        """Return it, read consistently."""

    def put(self, upgrade: Upgrade) -> None:
        """Write it over whatever stands."""
