"""Messages and questions in the table, beside their session, with the sessions' pace and Idempotency-Keys.

The local index ``open`` holds the messages that wait for a worker: to be sent, or to have their outcome reported. The
index ``due`` holds them too, so that the sweep finds those for which no worker comes. Questions are no events: the
stream's filters let none through. Whoever asked reads the answer from the question's item, which goes with it.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import fields
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import Struct

from chalicelib.adapters.dynamodb.control import DUE, UNSENT, due
from chalicelib.adapters.dynamodb.table import FORMAT, Condition, Item, Refused, Table
from chalicelib.domain.content import restored, stored
from chalicelib.domain.jid import Identity
from chalicelib.domain.limits import Pace
from chalicelib.domain.messages import KEPT, OPEN, Message, MessageStatus, Party, Receipt
from chalicelib.domain.questions import LINKING, TOLD, Question
from chalicelib.reading import Reader
from chalicelib.services.correlation import call_id
from chalicelib.services.ports.messages import Claim

_MESSAGE: Final = Reader(Message)
_SAID: Final = frozenset({"kind", "text", "content", "context"})
"""Attributes of what a message says: written once, and left alone when it moves, whatever a later version put there."""
_MARKS: Final = frozenset({"edited_by", "edited_at", "deleted_by", "deleted_at"})
"""Attributes that say what became of a message by another one: they move on by themselves (see ``mark``)."""
_KNOWN: Final = frozenset({one.name for one in fields(Message)} | {"ttl", "open_at"} | DUE) - _SAID - _MARKS


def to_item(message: Message) -> Item:
    """Return the message's item."""
    return {
        "pk": f"S#{message.uid}",
        "sk": f"M#{message.id}",
        "ttl": _ttl(message),
        **({"open_at": message.id} if message.status in OPEN else {}),
        # Not by the status, which would be a write of the index more.
        **due(message.uid, None if message.settled else message.expires_at, of=UNSENT),
        **fields_of(message),
        # In base64, as msgspec reads it back.
        **({"secret": b64encode(message.secret).decode()} if message.secret else {}),
    }


def fields_of(message: Message) -> Item:
    """Return what an item says of a message, wherever it lies, but its secret; ``from_item`` reads it back."""
    values: dict[str, Any] = msgspec.to_builtins(message)
    del values["content"], values["secret"]
    return {**{name: value for name, value in values.items() if value is not None}, **stored(message.content)}


def from_item(item: Item) -> Message:
    """Return the message of an item; attributes that this version doesn't know are left alone."""
    return _MESSAGE.plain({**item, "content": restored(item)})


class DynamoMessages(Struct, frozen=True):
    """The MessageStore port."""

    table: Table

    def put(self, message: Message) -> bool:
        """Put the message, with the id of the call at hand, on condition that there is none of that id."""
        named = {"request": name} if (name := call_id()) else {}
        return self.table.put(to_item(message) | named, Condition("attribute_not_exists(pk)", {})) is None

    def get(self, uid: str, message_id: str) -> Message | None:
        """Read the message."""
        item = self.table.get(f"S#{uid}", f"M#{message_id}")
        return from_item(item) if item else None

    def move(self, message: Message) -> bool:
        """Write the message over the version before it."""
        before = Condition("version = :before", {":before": message.version - 1})
        item = {name: value for name, value in to_item(message).items() if name not in _SAID | _MARKS}
        return self.table.rewrite(item, _KNOWN, before) is None

    def open(self, uid: str, *, limit: int, after: str | None = None) -> list[Message]:
        """Read the index, whose order is that of the ids; a local index reads as consistently as the table."""
        where = Condition("pk = :pk", {":pk": f"S#{uid}"})
        if after is not None:
            where = Condition("pk = :pk AND open_at > :after", {":pk": f"S#{uid}", ":after": after})
        return [from_item(item) for item in self.table.query(where, limit=limit, local_index="open")]

    def mark(self, uid: str, message_id: str, **marks: str | int) -> None:
        """Set the marks, unless a newer message has set one of them.

        That is no version of its own, and no event: whoever moves the message meanwhile neither sees nor undoes it.
        """
        values = {f":{name}": value for name, value in marks.items()}
        newest = [f"(attribute_not_exists({one}) OR {one} <= :{one})" for one in marks if one.endswith("_by")]
        change = Condition("SET " + ", ".join(f"{name} = :{name}" for name in marks), values)
        there = Condition(" AND ".join(["attribute_exists(pk)", *newest]), {})
        self.table.update(f"S#{uid}", f"M#{message_id}", change, there)

    def unmark_deleted(self, uid: str, message_id: str, *, by: str) -> None:
        """Remove the mark of that deletion."""
        same = Condition("deleted_by = :by", {":by": by})
        self.table.update(f"S#{uid}", f"M#{message_id}", Condition("REMOVE deleted_by", {}), same)

    def forget_end(self, message: Message) -> None:
        """Take it out of the index of what is due, if it is still as it was read."""
        same = Condition("attribute_exists(pk) AND version = :seen", {":seen": message.version})
        pk, sk = f"S#{message.uid}", f"M#{message.id}"
        self.table.update(pk, sk, Condition(f"REMOVE {', '.join(sorted(DUE))}", {}), same)

    def remove(self, message: Message) -> None:
        """Remove it."""
        self.table.delete(f"S#{message.uid}", f"M#{message.id}")

    def note_whatsapp_id(self, message: Message) -> None:
        """Write which message WhatsApp's id means; receipts carry no other."""
        pk, sk = f"S#{message.uid}", f"A#{message.whatsapp_id}"
        self.table.put({"pk": pk, "sk": sk, "message": message.id, "ttl": _ttl(message)})

    def note_receipt(
        self, message: Message, who: Party, status: MessageStatus, *, at: int, played: bool = False
    ) -> None:
        """Write the time on the recipient's own item; the message's can't grow with the number of recipients."""
        self._note_time(message, who, "read_at" if status is MessageStatus.READ else "delivered_at", at=at)
        if played:
            self._note_time(message, who, "played_at", at=at)

    def _note_time(self, message: Message, who: Party, time: str, *, at: int) -> None:
        known = {name: value for name, value in (("phone", who.phone), ("lid", who.lid)) if value}
        said = {time: at, "ttl": (at + KEPT) // 1000, "v": FORMAT, **known}
        names = {f"#n{number}": name for number, name in enumerate(said)}
        values = {f":n{number}": value for number, value in enumerate(said.values())}
        change = Condition(f"SET {', '.join(f'{name} = :{name[1:]}' for name in names)}", values, names)
        first = Condition(f"attribute_not_exists({time})", {})
        self.table.update(f"S#{message.uid}", f"R#{message.id}#{who.lid or who.phone}", change, first)

    def receipts(self, uid: str, message_id: str) -> list[Receipt]:
        """Read the recipients' items."""
        where = Condition("pk = :pk AND begins_with(sk, :of)", {":pk": f"S#{uid}", ":of": f"R#{message_id}#"})
        return [
            Receipt(
                Party(item.get("phone"), item.get("lid")),
                item.get("delivered_at"),
                item.get("read_at"),
                item.get("played_at"),
            )
            for item in self.table.query(where)
        ]

    def note_received(self, message: Message, *, writer: str) -> None:
        """Write which message the id means if that one wrote it. No id of ours has a ``#``, so none is overwritten."""
        pk, sk = f"S#{message.uid}", f"A#{message.whatsapp_id}#{writer}"
        self.table.put({"pk": pk, "sk": sk, "message": message.id, "ttl": _ttl(message)})

    def by_writer(self, uid: str, whatsapp_id: str, *, writer: str) -> Message | None:
        """Read what the id means, then the message."""
        return self.by_whatsapp_id(uid, f"{whatsapp_id}#{writer}")

    def by_whatsapp_id(self, uid: str, whatsapp_id: str) -> Message | None:
        """Read what the id means, then the message."""
        known = self.table.get(f"S#{uid}", f"A#{whatsapp_id}")
        return self.get(uid, known["message"]) if known else None

    def received_as(self, uid: str, whatsapp_id: str) -> Message | None:
        """Read what the id means by each writer, then the newest of the messages, whose ids sort by time."""
        where = Condition("pk = :pk AND begins_with(sk, :as)", {":pk": f"S#{uid}", ":as": f"A#{whatsapp_id}#"})
        newest = max((item["message"] for item in self.table.query(where)), default=None)
        return self.get(uid, newest) if newest else None

    def recent(self, uid: str, *, limit: int, before: str | None) -> list[Message]:
        """Read the messages backwards."""
        # "M$" is the first key after all of M#…'s.
        where = Condition(
            "pk = :pk AND sk BETWEEN :first AND :last",
            {":pk": f"S#{uid}", ":first": "M#", ":last": f"M#{before}" if before else "M$"},
        )
        found = self.table.query(where, limit=limit + 1, newest_first=True)
        return [message for message in map(from_item, found) if message.id != before][:limit]

    def following(self, uid: str, *, limit: int, after: str | None) -> list[Message]:
        """Read the messages forwards."""
        where = Condition(
            "pk = :pk AND sk BETWEEN :first AND :last",
            {":pk": f"S#{uid}", ":first": f"M#{after}\0" if after else "M#", ":last": "M$"},
        )
        return [from_item(item) for item in self.table.query(where, limit=limit)]

    def many(self, uid: str, message_ids: Sequence[str]) -> list[Message]:
        """Read them by their keys."""
        keys = [(f"S#{uid}", f"M#{message_id}") for message_id in dict.fromkeys(message_ids)]
        return [from_item(item) for item in self.table.get_many(keys)]


def _ttl(message: Message) -> int:
    """Return DynamoDB's time to live: seconds since the Unix epoch."""
    return message.kept_until // 1000


_QUESTION: Final = Reader(Question)

ANSWERS_KEPT: Final = 300
"""Seconds after its end that DynamoDB removes a question whose asker died."""


def question_to_item(question: Question) -> Item:
    """Return the question's item."""
    fields: dict[str, Any] = msgspec.to_builtins(question)
    pk, sk = _key(question)
    end = {"expires_at": question.expires_at, "ttl": question.expires_at // 1000 + ANSWERS_KEPT}
    return {"pk": pk, "sk": sk, **end, **{name: value for name, value in fields.items() if value is not None}}


def question_from_item(item: Item) -> Question:
    """Return the question of an item."""
    return _QUESTION.plain(item)


class DynamoQuestions(Struct, frozen=True):
    """The QuestionStore port."""

    table: Table

    def put(self, question: Question, *, now: int) -> bool:
        """Put it on condition that its place is empty, or that nobody waits any more for what stands there."""
        free = Condition("attribute_not_exists(pk) OR expires_at <= :now", {":now": now})
        return self.table.put(question_to_item(question), free) is None

    def get(self, question: Question) -> Question | None:
        """Read what stands in its place."""
        item = self.table.get(*_key(question))
        stands = question_from_item(item) if item else None
        return stands if stands and stands.id == question.id else None

    def all(self, uid: str, *, linking: bool = False) -> list[Question]:
        """Read the session's places."""
        where = Condition("pk = :pk AND begins_with(sk, :q)", {":pk": f"S#{uid}", ":q": "LQ#" if linking else "Q"})
        return [question_from_item(item) for item in self.table.query(where)]

    def move(self, question: Question) -> bool:
        """Put it on condition that the version before it stands."""
        before = Condition("id = :id AND version = :before", {":id": question.id, ":before": question.version - 1})
        return self.table.put(question_to_item(question), before) is None

    def remove(self, question: Question) -> None:
        """Remove it on condition that its place is still its own."""
        self.table.delete(*_key(question), Condition("id = :id", {":id": question.id}))


def _key(question: Question) -> tuple[str, str]:
    """Return the keys of the question's place.

    Workers of versions that don't know ``TOLD`` look at Q# alone, those that don't know ``LINKING`` at Q.
    """
    if question.subject in LINKING:
        return f"S#{question.uid}", f"LQ#{question.place}"
    told = question.subject in TOLD
    return f"S#{question.uid}", f"QT#{question.place}" if told else f"Q#{question.place}"


KNOWN: Final = 30 * 86_400
"""Seconds that it is remembered who somebody is: numbers change hands."""


class DynamoIdentities(Struct, frozen=True):
    """The IdentityStore port."""

    table: Table

    def note(self, uid: str, jids: Sequence[str], identity: Identity, *, now: int) -> None:
        """Put an item for each JID."""
        for jid in dict.fromkeys(jids):
            known = {"phone": identity.phone, "lid": identity.lid, "ttl": now // 1000 + KNOWN}
            self.table.put({"pk": f"S#{uid}", "sk": f"N#{jid}", **known})

    def find(self, uid: str, jids: Sequence[str], *, now: int) -> Mapping[str, Identity]:
        """Read the items, several in one call; DynamoDB takes its time to remove those that have expired."""
        keys = [(f"S#{uid}", f"N#{jid}") for jid in dict.fromkeys(jids)]
        # Workers, which ask for one, have no right to BatchGetItem.
        found = self.table.get_many(keys) if len(keys) > 1 else filter(None, (self.table.get(*key) for key in keys))
        return {
            item["sk"].removeprefix("N#"): Identity(item.get("phone"), item.get("lid"))
            for item in found
            if item["ttl"] > now // 1000
        }

    def forget(self, uid: str, jid: str) -> None:
        """Remove the item."""
        self.table.delete(f"S#{uid}", f"N#{jid}")


MICROSECONDS: Final = 1_000
"""In a millisecond. Numbers in the table are whole, and a token may take a fraction of a millisecond."""
PACES_KEPT: Final = 86_400
"""Seconds until DynamoDB may remove a bucket that is full: it is as good as none."""


class DynamoPaces(Struct, frozen=True):
    """The Paces port; ``of`` is what the bucket is for, so that a session can have several."""

    table: Table
    pace: Pace
    of: str = "PACE"

    def take(self, uid: str, *, now: int) -> float:
        """Write the bucket less a token: anew where it is full, else by adding to what stands.

        Adding needs no knowledge of what stands, so however many take tokens at once, none waits for another.
        """
        micros = round(now * MICROSECONDS)
        full = Condition("attribute_not_exists(pk) OR full_at <= :now", {":now": micros})
        some = Condition(
            "full_at > :now AND full_at <= :latest",
            {":now": micros, ":latest": int(self.pace.latest(now) * MICROSECONDS)},
        )
        while stands := self._fill(uid, now, full):
            wait = self.pace.wait(_full_at(stands) / MICROSECONDS, now=now)
            if wait:
                return wait
            stands = self._add(uid, now, some)
            if stands is None:
                break
            # It got full, or was emptied, in between.
            wait = self.pace.wait(_full_at(stands) / MICROSECONDS, now=now)
            if wait:
                return wait
        return 0.0

    def _fill(self, uid: str, now: int, condition: Condition) -> Refused | None:
        full_at = round(self.pace.taken(0, now=now) * MICROSECONDS)
        item = {"pk": f"S#{uid}", "sk": self.of, "full_at": full_at}
        return self.table.put({**item, "ttl": self._ends(now)}, condition)

    def _add(self, uid: str, now: int, condition: Condition) -> Refused | None:
        step = {":step": round(self.pace.interval * MICROSECONDS), ":ttl": self._ends(now)}
        change = Condition("SET full_at = full_at + :step, #ttl = :ttl", step, {"#ttl": "ttl"})
        return self.table.update(f"S#{uid}", self.of, change, condition)

    def _ends(self, now: int) -> int:
        return int(self.pace.latest(now) / 1000) + PACES_KEPT


def _full_at(stands: Refused) -> int:
    return int(stands.item["full_at"]) if stands.item else 0


IDEMPOTENCY_KEPT: Final = 86_400
"""Seconds that a key is remembered."""


class DynamoIdempotency(Struct, frozen=True):
    """The IdempotencyStore port. A key is somebody else's text: its hash stands for it."""

    table: Table

    def claim(self, tenant: str, key: str, *, fingerprint: str, result: str, now: int) -> Claim:
        """Put what the key is used for on condition that it wasn't used within a day."""
        item = {"pk": _pk(tenant, key), "sk": "KEY", "fingerprint": fingerprint, "result": result, "at": now}
        free = Condition("attribute_not_exists(pk) OR #ttl < :now", {":now": now // 1000}, {"#ttl": "ttl"})
        taken = self.table.put({**item, "ttl": now // 1000 + IDEMPOTENCY_KEPT}, free)
        if isinstance(taken, Refused) and taken.item:
            stands = taken.item
            return Claim(stands["fingerprint"], stands["result"], stands.get("at", now), made=bool(stands.get("made")))
        return Claim(fingerprint, result, now)

    def finish(self, tenant: str, key: str, *, result: str) -> None:
        """Write it on the item, if it is still the one of that result. ``result`` is a reserved word of DynamoDB's."""
        same = Condition("#result = :result", {":result": result}, {"#result": "result"})
        self.table.update(_pk(tenant, key), "KEY", Condition("SET made = :yes", {":yes": True}), same)


def _pk(tenant: str, key: str) -> str:
    return f"I#{tenant}#{sha256(key.encode()).hexdigest()}"
