"""History in memory, and webhooks that note what is posted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain.chats import NO_ENTRIES, IndexEntries
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Session
from chalicelib.domain.webhook import Delivery, Outcome
from chalicelib.services.ports import HistoryStore, MessageStore, SessionStore
from tests.fakes.messages import MemoryChats


@dataclass
class MemoryHistory:
    """HistoryStore."""

    rows: dict[tuple[str, str], Envelope] = field(default_factory=dict)
    chats: MemoryChats = field(default_factory=MemoryChats)

    def append(self, envelope: Envelope, entries: IndexEntries = NO_ENTRIES) -> None:
        self.rows[envelope.uid, envelope.cursor] = replace(envelope, message=None)
        if pointing := entries.pointing:
            unread, until = pointing.unread, pointing.until
            self.chats.point(envelope.uid, pointing.key, pointing.pointer, unread=unread, until=until)
        if passed := entries.passed:
            self.chats.passages[envelope.uid, passed.direction] = passed.at

    def append_all(self, events: Sequence[tuple[Envelope, IndexEntries]]) -> None:
        for envelope, entries in events:
            self.append(envelope, entries)

    def get(self, uid: str, cursor: str) -> Envelope | None:
        return self.rows.get((uid, cursor))

    def forget(self, uid: str) -> None:
        for key in [key for key in self.rows if key[0] == uid]:
            del self.rows[key]

    def latest(self, uid: str) -> str | None:
        return max((cursor for whose, cursor in self.rows if whose == uid), default=None)

    def since(self, uid: str, cursor: str | None, *, limit: int) -> list[Envelope]:
        later = [e for (u, c), e in sorted(self.rows.items()) if u == uid and c > (cursor or "")]
        return later[:limit]

    def timeline(self, uid: str, before: str | None, *, limit: int) -> list[Envelope]:
        own = [one for (whose, _), one in sorted(self.rows.items()) if whose == uid and not one.of_message]
        return [one for one in reversed(own) if before is None or one.cursor < before][:limit]


@dataclass
class MemoryDeliverySource:
    """DeliverySource."""

    sessions: SessionStore
    history: HistoryStore
    messages: MessageStore

    def read(self, delivery: Delivery) -> tuple[Session | None, Envelope | None, Message | None]:
        message = self.messages.get(delivery.uid, delivery.message) if delivery.message else None
        return self.sessions.get(delivery.uid), self.history.get(delivery.uid, delivery.cursor), message

    def read_all(
        self, deliveries: Sequence[Delivery]
    ) -> Mapping[Delivery, tuple[Session | None, Envelope | None, Message | None]]:
        return {one: self.read(one) for one in deliveries}


@dataclass
class MemoryDeliveries:
    """Deliveries: what is queued, each with its delay in seconds, and what is with the dead letters."""

    queued: list[tuple[Delivery, float]] = field(default_factory=list)
    dead_lettered: list[Delivery] = field(default_factory=list)

    def put(self, delivery: Delivery, *, delay: float) -> None:
        self.queued.append((delivery, delay))

    def dead_letter(self, delivery: Delivery) -> None:
        self.dead_lettered.append(delivery)


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
