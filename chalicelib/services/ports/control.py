"""What control needs from outside, as Protocols: sessions, leases, the due index, standbys, tasks, mailboxes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.domain.access import Tenant
from chalicelib.domain.lease import Lease, Order
from chalicelib.domain.proxy import Proxy
from chalicelib.domain.ring import ANYTHING, Ring
from chalicelib.domain.session import Session


class SessionStore(Protocol):
    """Sessions, each read consistently and moved by one conditional write."""

    def create(self, session: Session, *, most: int = 0) -> Session:
        """Store a new session under its tenant and id, and return it.

        If the id is taken nothing is written and the session that stands is returned: compare the uid. Raises
        SessionQuotaExceeded, with nothing left written, if the tenant would have more than ``most``; 0 is no limit.
        """

    def find(self, tenant: str, session_id: str) -> Session | None:
        """Return the tenant's session of that id."""

    def get(self, uid: str) -> Session | None:
        """Return the session of that uid."""

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[Session], str | None]:
        """Return up to ``limit`` sessions in the order of their ids after ``after``, and where the next page starts."""

    def move(self, session: Session, *, before: Session | None = None) -> bool:
        """Write ``session`` over the version before its own; False, and nothing written, if that isn't what stands.

        Where that version is at hand (``before``), only what is different is written.
        """

    def remove(self, session: Session) -> bool:
        """Remove the session with all that is stored for it, its id last; False if it changed meanwhile.

        If its device couldn't be unlinked, the reason is kept for as long as a caller may wait for the deletion.
        """

    def removed(self, uid: str) -> str | None:
        """Return why a removed session's device couldn't be unlinked, if so and not long ago."""


class LeaseStore(Protocol):
    """Leases, one a session."""

    def get(self, uid: str) -> Lease | None:
        """Return the session's lease, read consistently."""

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        """Take the lease if the one that stands admits it; return whether, and the one that stood before."""

    def renew(self, lease: Lease) -> bool:
        """Extend the lease to ``lease.until`` if its worker, epoch and holder still have it; return that.

        A lease is never shortened: a renewal that arrives after a later one changes nothing.
        """

    def call(self, lease: Lease, *, now: int) -> bool:
        """Note on the lease, if it stands as it was read, that its worker was called at ``now``; return whether."""

    def release(self, uid: str, *, worker: str, epoch: int, ended: bool = False) -> bool:
        """Give the lease back if that worker and epoch hold it, or nobody of that epoch or later ever did.

        ``ended`` is noted with it (see ``Lease``). The lease of a session that is gone is removed.
        """


@dataclass(frozen=True, slots=True)
class Situation:
    """A session with its lease, and its tenant where that was asked for; None for what isn't there."""

    session: Session | None
    lease: Lease | None
    tenant: Tenant | None = None


class SituationStore(Protocol):
    """What there is to know of a session before its next step."""

    def read(self, uid: str, *, tenant: str | None = None) -> Situation:
        """Return the situation in one call, with the tenant of that id if one is named.

        Each is read consistently, but not all at the same moment: a write is on condition of what it was decided by.
        """


class DueIndex(Protocol):
    """What is due: expired leases and passed deadlines."""

    def due(self, now: int) -> list[str]:
        """Return the uids of sessions with anything due at ``now``, each once, some hundred at the most."""

    def later(self, now: int) -> list[str]:
        """Return the uids of all sessions with anything due after ``now``: mostly those with a worker."""


@dataclass(frozen=True, slots=True)
class Standby:
    """A worker that waits for a session. Unassigned, it has neither tenant nor uid nor epoch.

    ``until`` is its proof of life while it waits, ``task`` the task definition that it was started from.
    """

    worker: str
    mailbox: str
    until: int
    ready: bool = False
    uid: str | None = None
    epoch: int | None = None
    task: str | None = None
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class PoolState:
    """The pool as a whole: ``version`` moves on with each filling, ``starts`` are sessions' starts by minute.

    The minutes are counted from the Unix epoch, those before the last quarter of an hour may be missing.
    """

    version: int = 0
    starts: Mapping[int, int] = field(default_factory=dict)


class StandbyStore(Protocol):
    """The standby pool."""

    def state(self) -> PoolState:
        """Return the pool's state, read consistently."""

    def note_start(self, minute: int) -> None:
        """Count one more session that started in that minute."""

    def settle(self, version: int) -> bool:
        """Move the pool on from the version that was read; False if somebody else has."""

    def all(self) -> list[Standby]:
        """Return the standbys, read consistently."""

    def get(self, worker: str) -> Standby | None:
        """Return the standby, read consistently."""

    def put(self, standby: Standby) -> None:
        """Add a standby that is about to be started."""

    def renew(self, worker: str, *, until: int) -> tuple[bool, Standby | None]:
        """Note that the standby is ready and alive, if it waits; where it doesn't, return what it was given, too.

        That is the standby with its session, or None if it isn't in the pool any more.
        """

    def assign(self, worker: str, *, tenant: str, uid: str, epoch: int) -> bool:
        """Give the standby a session of that tenant's, if it is ready and has none."""

    def free(self, worker: str, *, uid: str, epoch: int) -> bool:
        """Take the session from the standby again, if it has that one."""

    def retire(self, worker: str) -> bool:
        """Take the standby out of the pool unless it was given a session; its worker ends when it finds itself gone."""

    def set_apart(self, standbys: Sequence[Standby]) -> None:
        """Take standbys that were given sessions out of the pool for good; ``given`` knows them as before."""

    def given(self, worker: str) -> tuple[str, int] | None:
        """Return the (uid, epoch) that the worker was given, if it was given one."""

    def forget(self, worker: str) -> None:
        """Forget a worker whose task has ended; one that isn't known is no error."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """How far the workers' replacement by those of task definition ``task`` has come, since ``begun_at``.

    The round over all sessions with a worker has come to the uid ``after``; ``left`` says that it has met a worker that
    still has to be replaced.
    """

    task: str
    begun_at: int
    after: str = ""
    left: bool = False
    done: bool = False


class UpgradeStore(Protocol):
    """The deployment's one upgrade."""

    def get(self) -> Upgrade | None:
        """Return the upgrade, read consistently."""

    def put(self, upgrade: Upgrade) -> None:
        """Write the upgrade, over the one that stands."""


class NoCapacity(Exception):
    """ECS has no room, or throttles; nothing was started."""


class NoSpotCapacity(NoCapacity):
    """There is no room on Spot; there may be some on demand."""


class Workers(Protocol):
    """The workers' tasks."""

    def start(self, order: Order) -> None:
        """Start a task for ``order``, once however often it is called; raises NoCapacity and NoSpotCapacity."""

    def stop(self, worker: str, *, reason: str) -> None:
        """End the worker's task, if it runs."""


class Mailboxes(Protocol):
    """The workers' mailboxes: a ring means "look"."""

    def create(self, worker: str) -> str:
        """Make the worker's mailbox, if it isn't there, and return its address."""

    def ring(self, mailbox: str, ring: Ring = ANYTHING) -> None:
        """Ring; a mailbox that is gone is no error."""

    def delete(self, mailbox: str) -> None:
        """Remove the mailbox; one that is gone is no error."""


class WorkerMailbox(Protocol):
    """The worker's side of its mailbox, which ``mailbox`` is the address of."""

    def ring(self, mailbox: str, /) -> None:
        """Ring the mailbox, as the functions do. Raises Unavailable."""

    def wait(self, mailbox: str, seconds: float, /) -> Mapping[str, Ring]:
        """Wait for a ring, and return all present by their receipts; raises Unavailable.

        Rings that aren't deleted by ``heard`` within a second are received again.
        """

    def heard(self, mailbox: str, rings: Collection[str], /) -> None:
        """Take those rings out of the mailbox. Raises Unavailable."""


class Wakes(Protocol):
    """The wake queue: jobs for later, 15 minutes at the most (the sweep finds what is further away)."""

    def reconcile(self, uid: str, *, delay: float) -> None:
        """Have the session reconciled in ``delay`` seconds."""

    def snapshot(self, watcher: str, *, delay: float) -> None:
        """Have the watcher sent its session as it stands, in ``delay`` seconds."""

    def catch_up(self, watcher: str, tenant: str, session_id: str, *, delay: float) -> None:
        """Have the connection sent what its subscription to the session still owes it, in ``delay`` seconds."""

    def fill_standbys(self) -> None:
        """Have the standby pool filled."""

    def fill_and_reconcile(self, uid: str, *, delay: float) -> None:
        """Have the standby pool filled at once, and the session reconciled in ``delay`` seconds, by one call."""


class ProxyFailed(ConnectionError):
    """A proxy couldn't be reached, or refused; its text is a sentence without address and credentials."""


class Dialer(Protocol):
    """Connections to the outside through sessions' proxies."""

    def dial(self, proxy: Proxy, host: str, port: int, *, seconds: float) -> Any:
        """Return a ``socket.socket`` that is connected to ``host`` by ``proxy``, as one that was connected directly is.

        The proxy's own address is under the rules of webhook addresses, each time anew. ``seconds`` are for all of it,
        and the timeout of the socket that is returned. Raises ProxyFailed.
        """
