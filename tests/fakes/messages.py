"""Messages, paces and Idempotency-Keys in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain.chats import CHAT_KEPT, Chat, ChatTimer, LastMessages, Pointer
from chalicelib.domain.limits import Pace
from chalicelib.domain.messages import OPEN, Direction, Message, MessageStatus, Party, Receipt
from chalicelib.services.ports.messages import Claim


@dataclass
class MemoryMessages:
    """MessageStore."""

    rows: dict[tuple[str, str], Message] = field(default_factory=dict)
    known: dict[tuple[str, str], str] = field(default_factory=dict)
    noted: dict[tuple[str, str, str | None], Receipt] = field(default_factory=dict)
    forgotten: set[tuple[str, str]] = field(default_factory=set)
    lingering: set[tuple[str, str]] = field(default_factory=set)
    """Messages that the index has though they aren't due: it lags behind."""

    def put(self, message: Message) -> bool:
        return self.rows.setdefault((message.uid, message.id), message) is message

    def get(self, uid: str, message_id: str) -> Message | None:
        return self.rows.get((uid, message_id))

    def move(self, message: Message) -> bool:
        stands = self.rows.get((message.uid, message.id))
        if stands is None or stands.version != message.version - 1:
            return False
        marks = {name: getattr(stands, name) for name in ("edited_by", "edited_at", "deleted_by", "deleted_at")}
        self.rows[message.uid, message.id] = replace(message, **marks)
        return True

    def mark(self, uid: str, message_id: str, **marks: str | int) -> None:
        stands = self.rows.get((uid, message_id))
        by = [name for name in marks if name.endswith("_by")]
        if stands and all((getattr(stands, name) or "") <= str(marks[name]) for name in by):
            self.rows[uid, message_id] = replace(stands, **marks)  # type: ignore[arg-type]

    def unmark_deleted(self, uid: str, message_id: str, *, by: str) -> None:
        stands = self.rows.get((uid, message_id))
        if stands and stands.deleted_by == by:
            self.rows[uid, message_id] = replace(stands, deleted_by=None)

    def open(self, uid: str, *, limit: int, after: str | None = None) -> list[Message]:
        found = [m for m in reversed(self._newest_first(uid)) if m.status in OPEN]
        return [m for m in found if after is None or m.id > after][:limit]

    def forget_end(self, message: Message) -> None:
        if self.rows.get((message.uid, message.id)) == message:
            self.forgotten.add((message.uid, message.id))

    def remove(self, message: Message) -> None:
        self.rows.pop((message.uid, message.id), None)

    def unsent(self, now: int) -> list[tuple[str, str]]:
        """The index's part about messages."""
        due = {key for key, one in self.rows.items() if not one.settled and one.expires_at and one.expires_at <= now}
        return sorted((due - self.forgotten) | self.lingering)

    def note_receipt(
        self, message: Message, who: Party, status: MessageStatus, *, at: int, played: bool = False
    ) -> None:
        key = message.uid, message.id, who.lid or who.phone
        stands = self.noted.get(key) or Receipt(Party(who.phone, who.lid))
        if status is MessageStatus.READ:
            played_at = stands.played_at or at if played else stands.played_at
            self.noted[key] = replace(stands, read_at=stands.read_at or at, played_at=played_at)
        else:
            self.noted[key] = replace(stands, delivered_at=stands.delivered_at or at)

    def receipts(self, uid: str, message_id: str) -> list[Receipt]:
        return [one for (of, message, _), one in sorted(self.noted.items()) if (of, message) == (uid, message_id)]

    def note_whatsapp_id(self, message: Message) -> None:
        self.known[message.uid, message.whatsapp_id or ""] = message.id

    def note_received(self, message: Message, *, writer: str) -> None:
        self.known[message.uid, f"{message.whatsapp_id}#{writer}"] = message.id

    def by_writer(self, uid: str, whatsapp_id: str, *, writer: str) -> Message | None:
        return self.by_whatsapp_id(uid, f"{whatsapp_id}#{writer}")

    def by_whatsapp_id(self, uid: str, whatsapp_id: str) -> Message | None:
        return self.rows.get((uid, self.known.get((uid, whatsapp_id), "")))

    def received_as(self, uid: str, whatsapp_id: str) -> Message | None:
        named = [
            message for (of, known), message in self.known.items() if of == uid and known.startswith(f"{whatsapp_id}#")
        ]
        return self.rows.get((uid, max(named, default="")))

    def recent(self, uid: str, *, limit: int, before: str | None) -> list[Message]:
        return [m for m in self._newest_first(uid) if before is None or m.id < before][:limit]

    def following(self, uid: str, *, limit: int, after: str | None) -> list[Message]:
        return [m for m in reversed(self._newest_first(uid)) if after is None or m.id > after][:limit]

    def many(self, uid: str, message_ids: Sequence[str]) -> list[Message]:
        return [self.rows[uid, one] for one in message_ids if (uid, one) in self.rows]

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
class MemoryChats:
    """ChatStore."""

    rows: dict[tuple[str, str], Chat] = field(default_factory=dict)
    pointed: dict[tuple[str, str], dict[str, tuple[Pointer, bool]]] = field(default_factory=dict)
    began: dict[str, int] = field(default_factory=dict)
    noted: dict[tuple[str, str], int] = field(default_factory=dict)
    """When each chat moved on, in milliseconds since the Unix epoch."""
    passages: dict[tuple[str, Direction], int] = field(default_factory=dict)

    def note(self, chat: Chat, *, now: int) -> bool:
        stands = self.rows.get((chat.uid, chat.key))
        if stands is None or stands.last < chat.last:
            self.noted[chat.uid, chat.key] = now
        if stands is None:
            self.rows[chat.uid, chat.key] = chat
        elif stands.last < chat.last:
            read_to = chat.read_to or stands.read_to
            last_inbound = chat.last_inbound or stands.last_inbound
            name, lid = chat.name or stands.name, chat.lid or stands.lid
            moved = replace(chat, read_to=read_to, last_inbound=last_inbound, name=name, lid=lid)
            timer = {one: getattr(stands, one) for one in ("timer", "timer_set_at", "timer_by")}
            self.rows[chat.uid, chat.key] = replace(moved, **timer)
        elif stands.last_inbound < chat.last_inbound:
            name = chat.name or stands.name
            self.rows[chat.uid, chat.key] = replace(stands, last_inbound=chat.last_inbound, name=name)
        return stands is None

    def get(self, uid: str, key: str) -> Chat | None:
        return self.rows.get((uid, key))

    def many(self, uid: str, keys: Sequence[str]) -> list[Chat]:
        return [self.rows[uid, key] for key in keys if (uid, key) in self.rows]

    def kept(self, uid: str, *, now: int, most: int) -> list[Chat]:
        ends = {key: (at + CHAT_KEPT) // 1000 for key, at in self.noted.items()}
        return [one for key, one in self.rows.items() if one.uid == uid and ends[key] > now // 1000][:most]

    def remove(self, uid: str, key: str) -> None:
        self.rows.pop((uid, key), None)

    def read(self, uid: str, key: str, message_id: str) -> None:
        stands = self.rows.get((uid, key))
        if stands and stands.read_to < message_id:
            self.rows[uid, key] = replace(stands, read_to=message_id)

    def time(self, uid: str, key: str, timer: ChatTimer) -> None:
        stands = self.rows.get((uid, key))
        if stands and stands.timer_by < timer.bound:
            told = replace(stands, timer=timer.seconds, timer_set_at=timer.set_at, timer_by=timer.by)
            self.rows[uid, key] = told

    def unread(self, chat: Chat, *, most: int) -> int:
        later = [(one, unread) for one, (_, unread) in self._of(chat.uid, chat.key) if one > chat.read_to]
        return sum(unread for _, unread in later[:most])

    def point(self, uid: str, key: str, pointer: Pointer, *, unread: bool, until: int) -> None:
        self.pointed.setdefault((uid, key), {})[pointer.id] = pointer, unread

    def pointers(self, uid: str, key: str, *, cursor: str | None, limit: int, newest_first: bool) -> list[Pointer]:
        found = [pointer for _, (pointer, _) in self._of(uid, key)]
        if newest_first:
            return [one for one in reversed(found) if cursor is None or one.id < cursor][:limit]
        return [one for one in found if cursor is None or one.id > cursor][:limit]

    def begin(self, uid: str, since: int) -> None:
        self.began.setdefault(uid, since)

    def since(self, uid: str) -> int | None:
        return self.began.get(uid)

    def passed(self, uid: str, direction: Direction, at: int) -> None:
        way = (uid, direction)
        self.passages[way] = max(at, self.passages.get(way, 0))

    def last(self, uid: str) -> LastMessages:
        return LastMessages(self.passages.get((uid, Direction.INBOUND)), self.passages.get((uid, Direction.OUTBOUND)))

    def _of(self, uid: str, key: str) -> list[tuple[str, tuple[Pointer, bool]]]:
        return sorted(self.pointed.get((uid, key), {}).items())
