"""Sessions in the table, and their events: history, and the stream's records as the events that they are.

One write moves a session; the stream's record of that write is the event, of a message's write likewise. An event that
is told once more is an item of its own: a new record with a new cursor, and the event's old id. The item holds what the
failed record held, a message's text too, so it goes soon.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from threading import Lock
from typing import Any, Final

import msgspec
from msgspec import Struct

from chalicelib.adapters.dynamodb.accounts import ALL as TENANTS
from chalicelib.adapters.dynamodb.accounts import listed, tenant_from_item
from chalicelib.adapters.dynamodb.chats import passed_to_item, pointer_to_item
from chalicelib.adapters.dynamodb.control import DUE, due, lease_from_item
from chalicelib.adapters.dynamodb.messages import fields_of as message_fields
from chalicelib.adapters.dynamodb.messages import from_item as message_from_item
from chalicelib.adapters.dynamodb.table import Condition, Item, Refused, Table, plain, readable
from chalicelib.domain.chats import NO_ENTRIES, IndexEntries
from chalicelib.domain.events import DELETED, Envelope
from chalicelib.domain.limits import too_many_sessions
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Reason, Session, sentence
from chalicelib.domain.webhook import Delivery
from chalicelib.reading import Reader
from chalicelib.services.correlation import call_id
from chalicelib.services.ports import Situation, Unavailable

_SESSION: Final = Reader(Session)
_KNOWN: Final = frozenset({one.name for one in fields(Session)} | DUE)

WORD_KEPT: Final = 3_600
"""Seconds for which the reason is kept why a removed session's device couldn't be unlinked."""
HALFWAY: Final = 60_000
"""Milliseconds after which a create is surely over: no function runs that long."""


def to_item(session: Session) -> Item:
    """Return the session's item, written with the id of the call at hand, if there is one."""
    values: dict[str, Any] = msgspec.to_builtins(session)
    values["request"] = call_id() or session.request
    return {
        "pk": f"S#{session.uid}",
        "sk": "SESSION",
        **due(session.uid, session.deadline),
        **{name: value for name, value in values.items() if value is not None},
    }


def from_item(item: Item) -> Session:
    """Return the session of an item; attributes that this version doesn't know are left alone."""
    return _SESSION.plain(item)


MOST_KNOWN: Final = 10_000
"""Sessions whose uids a process remembers."""


class KnownUids:
    """Which uid a tenant's session of some id had when it was found last. Used from many threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._lock = Lock()

    def get(self, tenant: str, session_id: str) -> str | None:
        """Return the uid, None where none is known."""
        return self._known.get((tenant, session_id))

    def note(self, session: Session) -> None:
        """Remember a session that was found."""
        with self._lock:
            self._known[session.tenant, session.id] = session.uid
            while len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]

    def forget(self) -> None:
        """Forget them all."""
        with self._lock:
            self._known.clear()


class DynamoSessions(Struct, frozen=True):
    """The SessionStore port; without ``known`` each session is looked for in the directory."""

    table: Table
    known: KnownUids | None = None

    def create(self, session: Session, *, most: int = 0) -> Session:
        """Put the directory entry if its place is free, then the session.

        An entry without its session is a create or a removal that was killed halfway: its place is taken over, unless
        it is so new that its session may just be being written; then Unavailable is raised. Of two that create the same
        uid one writes the session, and both return that.
        """
        entry = {"pk": f"T#{session.tenant}", "sk": f"S#{session.id}", "uid": session.uid, "at": session.created_at}
        taken = self.table.put(entry, Condition("attribute_not_exists(pk)", {}))
        while isinstance(taken, Refused):
            standing = taken.item or {}
            uid = standing.get("uid", "")
            stands = self.get(uid) if uid else None
            if stands:
                return stands
            if uid != session.uid and session.created_at - standing.get("at", 0) < HALFWAY:
                raise Unavailable(f"the session that is to be {session.tenant}'s {session.id} is just being created")
            taken = self.table.put(entry, Condition("attribute_not_exists(pk) OR uid = :gone", {":gone": uid}))
        # Counted before the write: once written, the session is an event, and may be started.
        if most and listed(self.table, session.tenant, "S#", most=most + 1) > most:
            self.table.delete(f"T#{session.tenant}", f"S#{session.id}", Condition("uid = :uid", {":uid": session.uid}))
            raise too_many_sessions(most)
        twin = self.table.put(to_item(session), Condition("attribute_not_exists(pk)", {}))
        return from_item(twin.item) if isinstance(twin, Refused) and twin.item else session

    def find(self, tenant: str, session_id: str) -> Session | None:
        """Read the directory, then the session; where its uid is known, the session alone.

        A uid is never used again: as long as the session of a uid is there, it is the one that the directory names.
        """
        uid = self.known.get(tenant, session_id) if self.known else None
        stands = self.get(uid) if uid else None
        if stands is None and (entry := self.table.get(f"T#{tenant}", f"S#{session_id}")):
            stands = self.get(entry["uid"])
        if stands and self.known:
            self.known.note(stands)
        return stands

    def get(self, uid: str) -> Session | None:
        """Read the session."""
        item = self.table.get(f"S#{uid}", "SESSION")
        return from_item(item) if item else None

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[Session], str | None]:
        """Read one page of the directory, then its sessions in one batch."""
        where = Condition("pk = :pk AND begins_with(sk, :s)", {":pk": f"T#{tenant}", ":s": "S#"})
        start = {"pk": f"T#{tenant}", "sk": f"S#{after}"} if after else None
        entries = list(self.table.query(where, limit=limit, after=start))
        items = self.table.get_many([(f"S#{entry['uid']}", "SESSION") for entry in entries])
        by_uid = {item["uid"]: from_item(item) for item in items}
        more = entries[-1]["sk"].removeprefix("S#") if len(entries) == limit else None
        return [by_uid[entry["uid"]] for entry in entries if entry["uid"] in by_uid], more

    def move(self, session: Session, *, before: Session | None = None) -> bool:
        """Write the session over the version before it; the same version has the same epoch."""
        condition = Condition("uid = :uid AND version = :before", {":uid": session.uid, ":before": session.version - 1})
        stood = to_item(before) if before else None
        if stood:
            # The call's own id stands in every item that is made here, whatever stood there.
            stood.pop("request", None)
        return self.table.rewrite(to_item(session), _KNOWN, condition, before=stood) is None

    def remove(self, session: Session) -> bool:
        """Remove the session's other items, then the session unless it changed, then its entry in the directory.

        Items written between the first two steps are removed, too; later writers find no session. What the stream's
        consumers write for events still on their way is theirs to remove, see ``DynamoHistory.forget``.
        """
        pk = f"S#{session.uid}"
        self.table.delete_partition(pk, but=["SESSION"])
        if session.reason == Reason.UNLINK_UNCONFIRMED:
            ttl = round(time.time()) + WORD_KEPT
            self.table.put({"pk": f"G#{session.uid}", "sk": "GONE", "reason": str(session.reason), "ttl": ttl})
        if self.table.delete(pk, "SESSION", Condition("version = :seen", {":seen": session.version})):
            return False
        self.table.delete_partition(pk)
        mine = Condition("uid = :uid", {":uid": session.uid})
        self.table.delete(f"T#{session.tenant}", f"S#{session.id}", mine)
        return True

    def removed(self, uid: str) -> str | None:
        """Read why a removed session's device couldn't be unlinked, if that was written down."""
        item = self.table.get(f"G#{uid}", "GONE")
        return str(item["reason"]) if item else None


class DynamoSituations(Struct, frozen=True):
    """The SituationStore port."""

    table: Table

    def read(self, uid: str, *, tenant: str | None = None) -> Situation:
        """Read two or three items in one batch."""
        asked = [(f"S#{uid}", "SESSION"), (f"S#{uid}", "LEASE"), *([(TENANTS, tenant)] if tenant else [])]
        found = {(item["pk"], item["sk"]): item for item in self.table.get_many(asked)}
        session, lease, owner = (found.get(key) for key in [*asked, (TENANTS, "")][:3])
        return Situation(
            from_item(session) if session else None,
            lease_from_item(lease) if lease else None,
            tenant_from_item(owner) if owner else None,
        )


_ENVELOPE: Final = Reader(Envelope)

KEPT: Final = 30 * 86_400
"""Seconds that an event is kept."""


def _history_items(envelope: Envelope, entries: IndexEntries) -> list[Item]:
    """Return the items of an event and its entries.

    A session's own events are few among those of its messages: they lie together, so that the newest can be read
    without reading past all of these.
    """
    # A message's text stands in the message alone.
    fields: dict[str, Any] = msgspec.to_builtins(replace(envelope, message=None))
    pk, kept = f"S#{envelope.uid}", {"ttl": envelope.at // 1000 + KEPT}
    items = [{"pk": pk, "sk": f"H#{envelope.cursor}", **kept, **fields}]
    if not envelope.of_message:
        items.append({**items[0], "sk": f"T#{envelope.cursor}"})
    if pointing := entries.pointing:
        key, unread, until = pointing.key, pointing.unread, pointing.until
        items.append(pointer_to_item(envelope.uid, key, pointing.pointer, unread=unread, until=until))
    if entries.passed:
        items.append(passed_to_item(envelope.uid, entries.passed))
    return items


class DynamoHistory(Struct, frozen=True):
    """The HistoryStore port."""

    table: Table

    def append(self, envelope: Envelope, entries: IndexEntries = NO_ENTRIES) -> None:
        """Put the event under its cursor, and the entries: the same record again writes the same items."""
        self.append_all([(envelope, entries)])

    def append_all(self, events: Sequence[tuple[Envelope, IndexEntries]]) -> None:
        """Put them all."""
        self.table.put_many([item for envelope, entries in events for item in _history_items(envelope, entries)])

    def get(self, uid: str, cursor: str) -> Envelope | None:
        """Read one event."""
        item = self.table.get(f"S#{uid}", f"H#{cursor}")
        return _ENVELOPE.plain(item) if item else None

    def forget(self, uid: str) -> None:
        """Remove the whole partition, with anything written since the session was removed."""
        self.table.delete_partition(f"S#{uid}")

    def latest(self, uid: str) -> str | None:
        """Read the last key of history."""
        where = Condition("pk = :pk AND begins_with(sk, :h)", {":pk": f"S#{uid}", ":h": "H#"})
        found = self.table.query(where, limit=1, keys_only=True, newest_first=True)
        return next((str(item["sk"]).removeprefix("H#") for item in found), None)

    def since(self, uid: str, cursor: str | None, *, limit: int) -> list[Envelope]:
        """Read the events after the cursor."""
        where = Condition(
            "pk = :pk AND sk BETWEEN :after AND :end",
            # "H#" + cursor + "\\0" is the first key after the cursor's own, "I" the first after all of history.
            {":pk": f"S#{uid}", ":after": f"H#{cursor}\0" if cursor else "H#", ":end": "I"},
        )
        return [_ENVELOPE.plain(item) for item in self.table.query(where, limit=limit)]

    def timeline(self, uid: str, before: str | None, *, limit: int) -> list[Envelope]:
        """Read the session's own events backwards."""
        # The cursor's own key is in the range, if it is there: one more is read, and it is left out.
        last = f"T#{before}" if before else "T$"
        where = Condition(
            "pk = :pk AND sk BETWEEN :first AND :last", {":pk": f"S#{uid}", ":first": "T#", ":last": last}
        )
        found = self.table.query(where, limit=limit + 1, newest_first=True)
        return [one for one in map(_ENVELOPE.plain, found) if one.cursor != before][:limit]


class DynamoDeliverySource(Struct, frozen=True):
    """The DeliverySource port."""

    table: Table

    def read(self, delivery: Delivery) -> tuple[Session | None, Envelope | None, Message | None]:
        """Read the items, which lie in the session's partition, in one call."""
        return self.read_all([delivery])[delivery]

    def read_all(
        self, deliveries: Sequence[Delivery]
    ) -> Mapping[Delivery, tuple[Session | None, Envelope | None, Message | None]]:
        """Read all items, each once."""
        keys = dict.fromkeys(key for one in deliveries for key in _source_keys(one))
        found = {(item["pk"], item["sk"]): item for item in self.table.get_many(list(keys))}
        return {one: _source(one, found) for one in deliveries}


def _source_keys(delivery: Delivery) -> list[tuple[str, str]]:
    named = [f"M#{delivery.message}"] if delivery.message else []
    return [(f"S#{delivery.uid}", sk) for sk in ("SESSION", f"H#{delivery.cursor}", *named)]


def _source(
    delivery: Delivery, found: Mapping[tuple[str, str], Item]
) -> tuple[Session | None, Envelope | None, Message | None]:
    session, event, message = [*map(found.get, _source_keys(delivery)), None][:3]
    return (
        from_item(session) if session else None,
        _ENVELOPE.plain(event) if event else None,
        message_from_item(message) if message else None,
    )


REDRIVEN_KEPT: Final = 86_400
"""Seconds for which a redriven event's item stays: until then the same event isn't redriven again."""


def redriven_from_item(item: Item, cursor: str) -> Envelope:
    """Return the event of an item, as it stands in the log at ``cursor``."""
    message = message_from_item(item["message"]) if item.get("message") else None
    return replace(_ENVELOPE.plain({**item, "message": None}), cursor=cursor, message=message)


class DynamoRedriven(Struct, frozen=True):
    """Puts events back on the stream."""

    table: Table

    def put(self, envelope: Envelope, *, now: int) -> bool:
        """Put the event; False, and nothing written, if it was redriven already."""
        fields: dict[str, Any] = msgspec.to_builtins(replace(envelope, message=None))
        if envelope.message:
            fields["message"] = message_fields(envelope.message)
        item = {"pk": f"S#{envelope.uid}", "sk": f"E#{envelope.id}", "ttl": now // 1000 + REDRIVEN_KEPT, **fields}
        return self.table.put(item, Condition("attribute_not_exists(pk)", {})) is None


class Change(Struct, frozen=True):
    """One stream record: its ``sequence`` number (to report it failed by), the session's uid, and the event it is.

    ``request`` is the id of the request that it goes back to, None where none is known. ``session`` is the session as
    the event left it, None for what happened to a message, for what is told once more, and for a removal.
    """

    sequence: str
    uid: str
    event: Envelope | None
    request: str | None = None
    session: Session | None = None


def change(record: Mapping[str, Any]) -> Change:
    """Return the change that a stream record of a session's partition tells of; None where it tells of none."""
    stream = record["dynamodb"]
    sequence = stream["SequenceNumber"]
    uid = stream["Keys"]["pk"]["S"].removeprefix("S#")
    removed = record["eventName"] == "REMOVE"
    image = stream.get("OldImage" if removed else "NewImage", {})
    kind = stream["Keys"]["sk"]["S"]
    cursor = _cursor(record["eventSourceARN"], sequence)
    if kind.startswith("M#") and image and not removed:
        if _event_id(stream.get("OldImage")) == _event_id(image):
            # Written anew though nothing happened: it left the index of what is due.
            return Change(sequence, uid, None)
        message = message_from_item(readable(plain(image)))
        return Change(sequence, uid, _message_event(message, cursor), message.request)
    if kind.startswith("E#") and image and not removed:
        return Change(sequence, uid, redriven_from_item(readable(plain(image)), cursor))
    if kind != "SESSION" or not image:
        return Change(sequence, uid, None)
    session = from_item(readable(plain(image)))
    at = int(stream.get("ApproximateCreationDateTime", 0) * 1000)
    event = _deleted(session, cursor, at) if removed else _event(session, cursor)
    return Change(sequence, uid, event, session.request, None if removed else session)


def _event_id(image: Mapping[str, Any] | None) -> Any:
    event = (image or {}).get("last_event")
    return plain({"event": event})["event"].get("id") if event else None


def _event(session: Session, cursor: str) -> Envelope | None:
    last = session.last_event
    if last is None:
        return None
    return Envelope(last.id, last.type, session.tenant, session.id, session.uid, last.at, cursor, last.data)


def _message_event(message: Message, cursor: str) -> Envelope | None:
    last = message.last_event
    if last is None:
        return None
    return Envelope(
        last.id, last.type, message.tenant, message.session, message.uid, last.at, cursor, last.data, message
    )


def _deleted(session: Session, cursor: str, at: int) -> Envelope:
    data: dict[str, Any] = {"status": "DELETED"}
    if session.reason == Reason.UNLINK_UNCONFIRMED:
        data |= {"reason": str(session.reason), "message": sentence(session.reason)}
    return Envelope(f"{session.uid}-deleted", DELETED, session.tenant, session.id, session.uid, at, cursor, data)


def _cursor(stream_arn: str, sequence: str) -> str:
    """Sorts as the log does: a new stream's label is a later time, sequence numbers grow within a stream's shard."""
    return f"{stream_arn.rpartition('/')[2]}#{sequence:0>40}"
