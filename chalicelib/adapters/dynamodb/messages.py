"""Messages in the table, beside their session; the index ``open`` holds those that a worker still owes something.

They are in the index ``due`` too, for when no worker comes.
"""

from dataclasses import dataclass, fields
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.due import DUE, UNSENT, due
from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.messages import OPEN, Message
from chalicelib.reading import Reader

_MESSAGE: Final = Reader(Message)
_KNOWN: Final = frozenset({one.name for one in fields(Message)} | {"ttl", "open_at"} | DUE)


def to_item(message: Message) -> Item:
    """Return the message's item."""
    values: dict[str, Any] = msgspec.to_builtins(message)
    return {
        "pk": f"S#{message.uid}",
        "sk": f"M#{message.id}",
        "ttl": _ttl(message),
        **({"open_at": message.id} if message.status in OPEN else {}),
        # Not by the status, which would be a write of the index more.
        **due(message.uid, None if message.settled else message.expires_at, of=UNSENT),
        **{name: value for name, value in values.items() if value is not None},
    }


def from_item(item: Item) -> Message:
    """Return the message of an item; attributes that this version doesn't know are left alone."""
    return _MESSAGE.plain(item)


@dataclass(frozen=True, slots=True)
class DynamoMessages:
    """The MessageStore port."""

    table: Table

    def put(self, message: Message) -> bool:
        """Put the message on condition that there is none of that id."""
        return self.table.put(to_item(message), Condition("attribute_not_exists(pk)", {})) is None

    def get(self, uid: str, message_id: str) -> Message | None:
        """Read the message."""
        item = self.table.get(f"S#{uid}", f"M#{message_id}")
        return from_item(item) if item else None

    def move(self, message: Message) -> bool:
        """Write the message over the version before it."""
        before = Condition("version = :before", {":before": message.version - 1})
        return self.table.rewrite(to_item(message), _KNOWN, before) is None

    def open(self, uid: str, *, limit: int, after: str | None = None) -> list[Message]:
        """Read the index, whose order is that of the ids; a local index reads as consistently as the table."""
        where = Condition("pk = :pk", {":pk": f"S#{uid}"})
        if after is not None:
            where = Condition("pk = :pk AND open_at > :after", {":pk": f"S#{uid}", ":after": after})
        return [from_item(item) for item in self.table.query(where, limit=limit, local_index="open")]

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

    def by_whatsapp_id(self, uid: str, whatsapp_id: str) -> Message | None:
        """Read what the id means, then the message."""
        known = self.table.get(f"S#{uid}", f"A#{whatsapp_id}")
        return self.get(uid, known["message"]) if known else None

    def recent(self, uid: str, *, limit: int, before: str | None) -> list[Message]:
        """Read the messages backwards."""
        # "M$" is the first key after all of M#…'s.
        where = Condition(
            "pk = :pk AND sk BETWEEN :first AND :last",
            {":pk": f"S#{uid}", ":first": "M#", ":last": f"M#{before}" if before else "M$"},
        )
        found = self.table.query(where, limit=limit + 1, newest_first=True)
        return [message for message in map(from_item, found) if message.id != before][:limit]


def _ttl(message: Message) -> int:
    """Return DynamoDB's time to live: seconds since the Unix epoch."""
    return message.kept_until // 1000
