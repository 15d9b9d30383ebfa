"""The services' ports in memory: whole, with the same guarantees as the adapters, which run the same suite."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from chalicelib.domain.events import Envelope
from chalicelib.domain.idempotency import Claim
from chalicelib.domain.lease import Lease
from chalicelib.domain.messages import OPEN, Message
from chalicelib.domain.pace import Pace
from chalicelib.domain.session import Session
from chalicelib.domain.watcher import Watcher
from chalicelib.domain.webhook import Delivery, Outcome
from chalicelib.services.ports import Gone, NoCapacity, Order, Standby
from tests.makers import NOW


@dataclass
class FakeClock:
    """A clock that stands until it is moved; sleeping moves it."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(1, round(seconds * 1000))


@dataclass
class FakeIds:
    """ids in order: 01FAKE…0001, …"""

    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __call__(self) -> str:
        return f"01FAKE{next(self.numbers):020d}"


@dataclass
class MemorySessions:
    """SessionStore."""

    rows: dict[str, Session] = field(default_factory=dict)
    moves: list[Session] = field(default_factory=list)

    def create(self, session: Session) -> Session:
        stands = self.find(session.tenant, session.id)
        if stands:
            return stands
        self.rows[session.uid] = session
        return session

    def find(self, tenant: str, session_id: str) -> Session | None:
        return next((s for s in self.rows.values() if (s.tenant, s.id) == (tenant, session_id)), None)

    def get(self, uid: str) -> Session | None:
        return self.rows.get(uid)

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[Session], str | None]:
        rows = sorted(
            (s for s in self.rows.values() if s.tenant == tenant and s.id > (after or "")), key=lambda s: s.id
        )
        page = rows[:limit]
        return page, page[-1].id if len(page) == limit else None

    def move(self, session: Session) -> bool:
        stands = self.rows.get(session.uid)
        if stands is None or stands.version != session.version - 1:
            return False
        self.rows[session.uid] = session
        self.moves.append(session)
        return True

    def remove(self, session: Session) -> bool:
        stands = self.rows.get(session.uid)
        if stands is not None and stands.version != session.version:
            return False
        self.rows.pop(session.uid, None)
        return True


@dataclass
class MemoryLeases:
    """LeaseStore."""

    rows: dict[str, Lease] = field(default_factory=dict)

    def get(self, uid: str) -> Lease | None:
        return self.rows.get(uid)

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        before = self.rows.get(lease.uid)
        if before and not before.admits(epoch=lease.epoch, now=now):
            return False, before
        self.rows[lease.uid] = lease
        return True, before

    def renew(self, lease: Lease) -> bool:
        stands = self.rows.get(lease.uid)
        if stands is None or stands.released or (stands.worker, stands.epoch) != (lease.worker, lease.epoch):
            return False
        self.rows[lease.uid] = replace(stands, until=lease.until)
        return True

    def release(self, uid: str, *, worker: str, epoch: int) -> bool:
        stands = self.rows.get(uid)
        mine = stands is not None and (stands.worker, stands.epoch) == (worker, epoch)
        if stands is not None and not mine and not (stands.epoch < epoch and stands.released):
            return False
        self.rows[uid] = Lease(uid=uid, worker=worker, epoch=epoch, until=0, released=True)
        return True


@dataclass
class FakeWorkers:
    """Workers."""

    started: list[Order] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    full: bool = False

    def start(self, order: Order) -> None:
        if self.full:
            raise NoCapacity("RESOURCE:FARGATE")
        if order not in self.started:
            self.started.append(order)

    def stop(self, worker: str, *, reason: str) -> None:
        self.stopped.append(worker)


@dataclass
class FakeMailboxes:
    """Mailboxes."""

    there: set[str] = field(default_factory=set)
    rung: list[str] = field(default_factory=list)

    def create(self, worker: str) -> str:
        self.there.add(f"https://queue/{worker}")
        return f"https://queue/{worker}"

    def ring(self, mailbox: str) -> None:
        self.rung.append(mailbox)

    def delete(self, mailbox: str) -> None:
        self.there.discard(mailbox)


@dataclass
class FakeWakes:
    """Wakes."""

    jobs: list[tuple[str, str, float]] = field(default_factory=list)

    def reconcile(self, uid: str, *, delay: float) -> None:
        self.jobs.append(("reconcile", uid, delay))

    def snapshot(self, watcher: str, *, delay: float) -> None:
        self.jobs.append(("snapshot", watcher, delay))

    def fill_standbys(self, *, delay: float) -> None:
        self.jobs.append(("fill_standbys", "", delay))

    def greet(self, sid: str, *, delay: float) -> None:
        self.jobs.append(("greet", sid, delay))

    def beat(self, sid: str, *, delay: float) -> None:
        self.jobs.append(("beat", sid, delay))

    def part(self, sid: str, *, delay: float) -> None:
        self.jobs.append(("part", sid, delay))

    def still_lost(self, uid: str, *, delay: float) -> None:
        self.jobs.append(("still_lost", uid, delay))


@dataclass
class MemoryStandbys:
    """StandbyStore."""

    pool: dict[str, Standby] = field(default_factory=dict)
    serving: dict[str, tuple[str, int]] = field(default_factory=dict)

    def all(self) -> list[Standby]:
        return [self.pool[worker] for worker in sorted(self.pool)]

    def get(self, worker: str) -> Standby | None:
        return self.pool.get(worker)

    def put(self, standby: Standby) -> None:
        self.pool[standby.worker] = standby

    def renew(self, worker: str, *, until: int) -> bool:
        standby = self.pool.get(worker)
        if standby is None or standby.uid is not None:
            return False
        self.pool[worker] = replace(standby, until=until, ready=True)
        return True

    def assign(self, worker: str, *, uid: str, epoch: int) -> bool:
        standby = self.pool.get(worker)
        if standby is None or not standby.ready or standby.uid is not None:
            return False
        self.pool[worker] = replace(standby, uid=uid, epoch=epoch)
        return True

    def free(self, worker: str, *, uid: str, epoch: int) -> bool:
        standby = self.pool.get(worker)
        if standby is None or (standby.uid, standby.epoch) != (uid, epoch):
            return False
        self.pool[worker] = replace(standby, uid=None, epoch=None)
        return True

    def retire(self, worker: str) -> bool:
        standby = self.pool.get(worker)
        if standby is None or standby.uid is not None:
            return False
        del self.pool[worker]
        return True

    def serve(self, worker: str, *, uid: str, epoch: int) -> None:
        self.serving[worker] = (uid, epoch)
        self.pool.pop(worker, None)

    def ended(self, worker: str) -> tuple[str, int] | None:
        given = self.serving.pop(worker, None)
        standby = self.pool.pop(worker, None)
        if given is None and standby and standby.uid is not None and standby.epoch is not None:
            given = standby.uid, standby.epoch
        return given


@dataclass
class MemoryWatchers:
    """WatcherStore."""

    rows: dict[str, Watcher] = field(default_factory=dict)
    enlisted: dict[str, str] = field(default_factory=dict)

    def add(self, watcher: Watcher) -> None:
        self.rows[watcher.id] = watcher

    def get(self, watcher: str) -> Watcher | None:
        return self.rows.get(watcher)

    def remove(self, watcher: str) -> None:
        self.rows.pop(watcher, None)

    def following(self, tenant: str, session_id: str) -> Sequence[Watcher]:
        return [w for w in self.rows.values() if (w.tenant, w.session) == (tenant, session_id)]

    def of(self, principal: str) -> Sequence[str]:
        channels = [sid for sid, whose in self.enlisted.items() if whose == principal]
        return [*(name for name, w in self.rows.items() if w.principal == principal and name == w.id), *channels]


@dataclass
class FakeSockets:
    """Sockets."""

    gone: set[str] = field(default_factory=set)
    sent: list[tuple[str, str]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def post(self, watcher: str, text: str) -> None:
        if watcher in self.gone:
            raise Gone(watcher)
        self.sent.append((watcher, text))

    def close(self, watcher: str) -> None:
        self.closed.append(watcher)


@dataclass
class MemoryMessages:
    """MessageStore."""

    rows: dict[tuple[str, str], Message] = field(default_factory=dict)
    known: dict[tuple[str, str], str] = field(default_factory=dict)

    def put(self, message: Message) -> bool:
        return self.rows.setdefault((message.uid, message.id), message) is message

    def get(self, uid: str, message_id: str) -> Message | None:
        return self.rows.get((uid, message_id))

    def move(self, message: Message) -> bool:
        stands = self.rows.get((message.uid, message.id))
        if stands is None or stands.version != message.version - 1:
            return False
        self.rows[message.uid, message.id] = message
        return True

    def open(self, uid: str, *, limit: int) -> list[Message]:
        return [m for m in reversed(self._newest_first(uid)) if m.status in OPEN][:limit]

    def note_whatsapp_id(self, message: Message) -> None:
        self.known[message.uid, message.whatsapp_id or ""] = message.id

    def by_whatsapp_id(self, uid: str, whatsapp_id: str) -> Message | None:
        return self.rows.get((uid, self.known.get((uid, whatsapp_id), "")))

    def recent(self, uid: str, *, limit: int, before: str | None) -> list[Message]:
        return [m for m in self._newest_first(uid) if before is None or m.id < before][:limit]

    def _newest_first(self, uid: str) -> list[Message]:
        return sorted((m for m in self.rows.values() if m.uid == uid), key=lambda m: m.id, reverse=True)


@dataclass
class MemoryIdempotency:
    """IdempotencyStore."""

    rows: dict[tuple[str, str], Claim] = field(default_factory=dict)

    def claim(self, tenant: str, key: str, *, fingerprint: str, result: str, now: int) -> Claim:
        stands = self.rows.get((tenant, key))
        if stands is None or stands.at // 1000 + 86_400 < now // 1000:
            stands = self.rows[tenant, key] = Claim(fingerprint, result, now)
        return stands

    def finish(self, tenant: str, key: str, *, result: str) -> None:
        stands = self.rows.get((tenant, key))
        if stands and stands.result == result:
            self.rows[tenant, key] = replace(stands, made=True)


@dataclass
class MemoryPaces:
    """Paces."""

    pace: Pace = field(default_factory=lambda: Pace(burst=1000, per_minute=60_000))
    full_at: dict[str, float] = field(default_factory=dict)

    def take(self, uid: str, *, now: int) -> float:
        stands = self.full_at.get(uid, 0)
        wait = self.pace.wait(stands, now=now)
        if not wait:
            self.full_at[uid] = self.pace.taken(stands, now=now)
        return wait


@dataclass
class MemoryHistory:
    """HistoryStore."""

    rows: dict[tuple[str, str], Envelope] = field(default_factory=dict)

    def append(self, envelope: Envelope) -> None:
        self.rows[envelope.uid, envelope.cursor] = replace(envelope, message=None)

    def get(self, uid: str, cursor: str) -> Envelope | None:
        return self.rows.get((uid, cursor))

    def since(self, uid: str, cursor: str | None, *, limit: int) -> list[Envelope]:
        later = [e for (u, c), e in sorted(self.rows.items()) if u == uid and c > (cursor or "")]
        return later[:limit]


@dataclass
class MemoryDeliveries:
    """Deliveries: what is queued, each with its delay in seconds, and what is with the dead letters."""

    queued: list[tuple[Delivery, float]] = field(default_factory=list)
    buried: list[Delivery] = field(default_factory=list)

    def put(self, delivery: Delivery, *, delay: float) -> None:
        self.queued.append((delivery, delay))

    def bury(self, delivery: Delivery) -> None:
        self.buried.append(delivery)


@dataclass
class FakePoster:
    """Poster: endpoints that answer with the outcomes in order, then 200."""

    outcomes: list[Outcome] = field(default_factory=list)
    posted: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        self.posted.append((url, body, headers))
        self.meanwhile()
        return self.outcomes.pop(0) if self.outcomes else Outcome(200)
