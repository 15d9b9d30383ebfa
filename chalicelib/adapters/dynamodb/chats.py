"""Chats in the table, beside their session: an item for each chat, and a pointer for each of its messages.

The stream's second consumer writes them when a message is first told of, whoever wrote the message: functions and
workers of any version. The stream's filters let none of them through.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import Struct

from chalicelib.adapters.dynamodb.table import Condition, Item, Refused, Table
from chalicelib.domain.chats import CHAT_KEPT, Chat, ChatTimer, LastMessages, Passed, Pointer
from chalicelib.domain.messages import Direction
from chalicelib.reading import Reader

_CHAT: Final = Reader(Chat)
_POINTER: Final = Reader(Pointer)


class DynamoChats(Struct, frozen=True):
    """The ChatStore port."""

    table: Table

    def note(self, chat: Chat, *, now: int) -> bool:
        """Write the chat over one that is behind, else put it if there is none."""
        item = _item(chat, now=now)
        said = {name: value for name, value in item.items() if name not in {"pk", "sk"}}
        refused = self._forward(chat.uid, chat.key, said, by="last")
        if refused is None:
            return False
        stands = refused.item
        if stands is None:
            refused = self.table.put(item, Condition("attribute_not_exists(pk)", {}))
            if refused is None:
                return True
            stands = refused.item or {}
        # It stands, and has a newer message. Of those that came in this one may be the newest all the same.
        if chat.last_inbound and chat.last_inbound > stands.get("last_inbound", ""):
            told = {"last_inbound": chat.last_inbound, **({"name": chat.name} if chat.name else {})}
            self._forward(chat.uid, chat.key, told, by="last_inbound")
        return False

    def get(self, uid: str, key: str) -> Chat | None:
        """Read the chat."""
        item = self.table.get(f"S#{uid}", f"C#{key}")
        return _CHAT.plain(item) if item else None

    def many(self, uid: str, keys: Sequence[str]) -> list[Chat]:
        """Read them by their keys."""
        return [_CHAT.plain(item) for item in self.table.get_many([(f"S#{uid}", f"C#{key}") for key in keys])]

    def kept(self, uid: str, *, now: int, most: int) -> list[Chat]:
        """Read those of the partition that haven't expired."""
        where = Condition("pk = :pk AND begins_with(sk, :sk)", {":pk": f"S#{uid}", ":sk": "C#"})
        found = (item for item in self.table.query(where) if item["ttl"] > now // 1000)
        return [_CHAT.plain(item) for item in islice(found, most)]

    def remove(self, uid: str, key: str) -> None:
        """Remove the item."""
        self.table.delete(f"S#{uid}", f"C#{key}")

    def read(self, uid: str, key: str, message_id: str) -> None:
        """Move on how far the chat was read."""
        self._forward(uid, key, {"read_to": message_id}, by="read_to")

    def time(self, uid: str, key: str, timer: ChatTimer) -> None:
        """Move on what is known of the timer."""
        said = {"timer": timer.seconds, "timer_set_at": timer.set_at, "timer_by": timer.by}
        self._forward(uid, key, said, by="timer_by", bound=timer.bound)

    def unread(self, chat: Chat, *, most: int) -> int:
        """Read the pointers after what was read."""
        after = self._pointers(chat.uid, chat.key, chat.read_to or None, limit=most, newest_first=False)
        return sum(bool(item.get("unread")) for item in after)

    def point(self, uid: str, key: str, pointer: Pointer, *, unread: bool, until: int) -> None:
        """Put the pointer."""
        self.table.put(pointer_to_item(uid, key, pointer, unread=unread, until=until))

    def pointers(self, uid: str, key: str, *, cursor: str | None, limit: int, newest_first: bool) -> list[Pointer]:
        """Read them by their sort keys, which are in the order of the messages' ids."""
        found = self._pointers(uid, key, cursor, limit=limit, newest_first=newest_first)
        return [_POINTER.plain(item) for item in found]

    def begin(self, uid: str, since: int) -> None:
        """Put it once."""
        self.table.put({"pk": f"S#{uid}", "sk": "CHATS", "since": since}, Condition("attribute_not_exists(pk)", {}))

    def since(self, uid: str) -> int | None:
        """Read it."""
        item = self.table.get(f"S#{uid}", "CHATS")
        return item["since"] if item else None

    def passed(self, uid: str, direction: Direction, at: int) -> None:
        """Put the time, over an older one."""
        newer = Condition("attribute_not_exists(pk) OR #at < :at", {":at": at}, {"#at": "at"})
        self.table.put(passed_to_item(uid, Passed(direction, at)), newer)

    def last(self, uid: str) -> LastMessages:
        """Read the item of each direction, and the one that versions before these had for both."""
        where = Condition("pk = :pk AND begins_with(sk, :last)", {":pk": f"S#{uid}", ":last": "LAST"})
        items = {item["sk"]: item for item in self.table.query(where)}
        both = items.get("LAST", {})
        times = {way: [items.get(f"LAST#{way}", {}).get("at"), both.get(way)] for way in Direction}
        newest = {way: max(filter(None, found), default=None) for way, found in times.items()}
        return LastMessages(newest[Direction.INBOUND], newest[Direction.OUTBOUND])

    def _pointers(self, uid: str, key: str, cursor: str | None, *, limit: int, newest_first: bool) -> list[Item]:
        # "…$" is the first key after all of "…#"; "…\0" the first after the cursor's own.
        first, last = f"P#{key}#", f"P#{key}$"
        if cursor is not None:
            first, last = (first, f"{first}{cursor}") if newest_first else (f"{first}{cursor}\0", last)
        where = Condition(
            "pk = :pk AND sk BETWEEN :first AND :last", {":pk": f"S#{uid}", ":first": first, ":last": last}
        )
        found = self.table.query(where, limit=limit + 1, newest_first=newest_first)
        return [item for item in found if item["id"] != cursor][:limit]

    def _forward(
        self, uid: str, key: str, said: Mapping[str, Any], *, by: str, bound: str | None = None
    ) -> Refused | None:
        """Write ``said`` on a chat that is there if the id ``by`` moves on with it; else return what stands, if any.

        With a ``bound`` the id that stands must only be before that. The names may be reserved words.
        """
        names = {f"#n{number}": name for number, name in enumerate(said)}
        values = {f":n{number}": value for number, value in enumerate(said.values())}
        change = Condition(f"SET {', '.join(f'{name} = :{name[1:]}' for name in names)}", values, names)
        behind = Condition(
            "attribute_exists(pk) AND (attribute_not_exists(#by) OR #by < :by)", {":by": bound or said[by]}, {"#by": by}
        )
        return self.table.update(f"S#{uid}", f"C#{key}", change, behind)


def pointer_to_item(uid: str, key: str, pointer: Pointer, *, unread: bool, until: int) -> Item:
    """Return the pointer's item."""
    item = {"pk": f"S#{uid}", "sk": f"P#{key}#{pointer.id}", "ttl": until // 1000, **msgspec.to_builtins(pointer)}
    return {**item, "unread": True} if unread else item


def passed_to_item(uid: str, passed: Passed) -> Item:
    """Return the item that says when the newest message in that direction passed."""
    return {"pk": f"S#{uid}", "sk": f"LAST#{passed.direction}", "at": passed.at}


def _item(chat: Chat, *, now: int) -> Item:
    """Return the chat's item, without what it doesn't know."""
    values: dict[str, Any] = msgspec.to_builtins(chat)
    said = {name: value for name, value in values.items() if value}
    return {"pk": f"S#{chat.uid}", "sk": f"C#{chat.key}", **said, "ttl": (now + CHAT_KEPT) // 1000}
