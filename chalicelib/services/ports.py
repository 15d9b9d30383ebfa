"""What the services need from outside, as Protocols; the adapters and the tests' fakes implement them whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.events import Envelope
from chalicelib.domain.idempotency import Claim
from chalicelib.domain.lease import Lease
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Session
from chalicelib.domain.watcher import Watcher
from chalicelib.domain.webhook import Delivery, Outcome


class Unavailable(Exception):
    """AWS didn't answer, or answered that it can't just now; the same call may be made again."""


class Clock(Protocol):
    """The wall clock."""

    def __call__(self) -> int:
        """Return milliseconds since the Unix epoch."""


class Sleep(Protocol):
    """Waiting."""

    def __call__(self, seconds: float, /) -> None:
        """Block this thread."""


class NewId(Protocol):
    """Names for things."""

    def __call__(self) -> str:
        """Return a new ULID."""


class NewSecret(Protocol):
    """Secrets that webhooks are signed with."""

    def __call__(self) -> str:
        """Return a new one, by the scheme that ``domain.signature`` knows."""


class SessionStore(Protocol):
    """Sessions, each read consistently and moved by one conditional write."""

    def create(self, session: Session) -> Session:
        """Store a new session under its tenant and id, and return it.

        If the id is taken nothing is written and the session that stands is returned: compare the uid.
        """

    def find(self, tenant: str, session_id: str) -> Session | None:
        """Return the tenant's session of that id."""

    def get(self, uid: str) -> Session | None:
        """Return the session of that uid."""

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[Session], str | None]:
        """Return up to ``limit`` sessions in the order of their ids after ``after``, and where the next page starts."""

    def move(self, session: Session) -> bool:
        """Write ``session`` over the version before its own; False, and nothing written, if that isn't what stands."""

    def remove(self, session: Session) -> bool:
        """Remove the session with all that is stored for it, its id last; False if it changed meanwhile."""


class LeaseStore(Protocol):
    """Leases, one a session."""

    def get(self, uid: str) -> Lease | None:
        """Return the session's lease, read consistently."""

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        """Take the lease if the one that stands admits it; return whether, and the one that stood before."""

    def renew(self, lease: Lease) -> bool:
        """Extend the lease to ``lease.until`` if its worker and epoch still hold it."""

    def release(self, uid: str, *, worker: str, epoch: int) -> bool:
        """Give the lease back if that worker and epoch hold it, or nobody of that epoch or later ever did."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker's task is started for; no secret is in it. A standby's order names no session yet."""

    worker: str
    mailbox: str
    tenant: str | None = None
    session: str | None = None
    uid: str | None = None
    epoch: int | None = None


class NoCapacity(Exception):
    """ECS has no room, or throttles."""


class Workers(Protocol):
    """The workers' tasks."""

    def start(self, order: Order) -> None:
        """Start a task for ``order``, once however often it is called; raises NoCapacity."""

    def stop(self, worker: str, *, reason: str) -> None:
        """End the worker's task, if it runs."""


class Mailboxes(Protocol):
    """The workers' mailboxes: a ring means "look"."""

    def create(self, worker: str) -> str:
        """Make the worker's mailbox, if it isn't there, and return its address."""

    def ring(self, mailbox: str) -> None:
        """Ring; a mailbox that is gone is no error."""

    def delete(self, mailbox: str) -> None:
        """Remove the mailbox; one that is gone is no error."""


class Wakes(Protocol):
    """The wake queue: jobs for later, 15 minutes at the most (the sweep finds what is further away)."""

    def reconcile(self, uid: str, *, delay: float) -> None:
        """Have the session reconciled in ``delay`` seconds."""

    def snapshot(self, watcher: str, *, delay: float) -> None:
        """Have the watcher sent what stands, in ``delay`` seconds."""

    def fill_standbys(self, *, delay: float) -> None:
        """Have the standby pool filled in ``delay`` seconds."""


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

    def ended(self, worker: str) -> tuple[str, int] | None:
        """Forget a worker whose task has ended; return the (uid, epoch) that it was given, if it was given one."""


class DueIndex(Protocol):
    """What is due: expired leases and passed deadlines."""

    def due(self, now: int) -> list[str]:
        """Return the uids of sessions that something is due for at ``now``, each once, some hundred at the most."""

    def later(self, now: int) -> list[str]:
        """Return the uids of all sessions that something will be due for after ``now``: those with a worker, mostly."""


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


class WatcherStore(Protocol):
    """Watchers and what they follow."""

    def add(self, watcher: Watcher) -> None:
        """Store the watcher and its subscription."""

    def get(self, watcher: str) -> Watcher | None:
        """Return it, read consistently."""

    def remove(self, watcher: str) -> None:
        """Forget the watcher and its subscription; one that is gone is no error."""

    def following(self, tenant: str, session_id: str) -> Sequence[Watcher]:
        """Return all who follow that session, read consistently."""

    def of(self, principal: str) -> Sequence[str]:
        """Return the ids of the principal's watchers, read consistently."""


class Gone(Exception):
    """The watcher's connection isn't there (410)."""


class Sockets(Protocol):
    """API Gateway's ``@connections``."""

    def post(self, watcher: str, text: str) -> None:
        """Send one text frame; raises Gone."""

    def close(self, watcher: str) -> None:
        """Close the connection; one that is gone is no error."""


class MessageStore(Protocol):
    """Messages, each an item of its own beside its session."""

    def put(self, message: Message) -> bool:
        """Write a new message; False, and nothing written, if there is one of that id."""

    def get(self, uid: str, message_id: str) -> Message | None:
        """Return the message, read consistently."""

    def move(self, message: Message) -> bool:
        """Write ``message`` over the version before its own; False, and nothing written, if that isn't what stands."""

    def open(self, uid: str, *, limit: int) -> list[Message]:
        """Return the session's queued and sending messages, oldest first, read consistently."""

    def note_whatsapp_id(self, message: Message) -> None:
        """Have the message found by its WhatsApp id; again is no harm."""

    def by_whatsapp_id(self, uid: str, whatsapp_id: str) -> Message | None:
        """Return the outbound message that WhatsApp knows by that id."""

    def recent(self, uid: str, *, limit: int, before: str | None) -> list[Message]:
        """Return the session's messages, newest first, those older than the id ``before`` if given."""


class IdempotencyStore(Protocol):
    """What an Idempotency-Key was first used for."""

    def claim(self, tenant: str, key: str, *, fingerprint: str, result: str, now: int) -> Claim:
        """Note the request's fingerprint and the id its result will have; return what stands for the key.

        The first caller gets its own back, every later one the first's. Kept for a day.
        """

    def finish(self, tenant: str, key: str, *, result: str) -> None:
        """Note that the result is made, if it still is what stands for the key."""


class Paces(Protocol):
    """Each session's pace: a bucket of tokens that refills."""

    def take(self, uid: str, *, now: int) -> float:
        """Take a token; return 0, or the seconds until there is one, in which case none was taken."""


class HistoryStore(Protocol):
    """The stream, materialised."""

    def append(self, envelope: Envelope) -> None:
        """Write the event under its cursor; the same event again changes nothing."""

    def get(self, uid: str, cursor: str) -> Envelope | None:
        """Return the event under that cursor, read consistently."""

    def since(self, uid: str, cursor: str | None, *, limit: int) -> list[Envelope]:
        """Return the session's events after ``cursor``, oldest first, read consistently."""


class Deliveries(Protocol):
    """The webhook queue."""

    def put(self, delivery: Delivery, *, delay: float) -> None:
        """Have the delivery attempted in ``delay`` seconds, sooner where the queue can't wait that long."""

    def bury(self, delivery: Delivery) -> None:
        """Lay a delivery that failed for good with the dead letters."""


class Poster(Protocol):
    """HTTP to the endpoints of webhooks."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Post a JSON body; whatever comes of it is an outcome, never an error."""
