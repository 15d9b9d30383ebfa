"""Watchers and Socket.IO's channels in the table, each once more under the session that it follows.

A channel is written as a whole over the serial that was read: a packet is queued, taken and handed over to a
WebSocket under that one condition.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from chalicelib.adapters.dynamodb.table import Condition, Item, Refused, Table
from chalicelib.domain.watchers import (
    DRAINING,
    LIFETIME,
    NOTHING_NOTED,
    Channel,
    Room,
    RoomNote,
    Subscription,
    Watcher,
    subscription,
)
from chalicelib.reading import Reader
from chalicelib.services.ports.watching import Busy

_WATCHER: Final = Reader(Watcher)
_SUBSCRIPTION: Final = Reader(Subscription)
_ROOM_NOTE: Final = Reader(RoomNote)
_NOTE: Final = "NOTE"


class DynamoWatchers(Struct, frozen=True):
    """The WatcherStore port."""

    table: Table

    def add(self, watcher: Watcher) -> None:
        """Write the watcher, then the subscription: a fan-out that finds the second can rely on the first.

        The places on its principal's and its tenant's lists are written in between: only a watcher that the end of its
        credential can find is ever sent anything.
        """
        fields: dict[str, Any] = msgspec.to_builtins(watcher)
        kept = {"ttl": (watcher.connected_at + 2 * LIFETIME) // 1000, **fields}
        self.table.put({"pk": f"W#{watcher.id}", "sk": "WATCHER", **kept})
        for place in places(watcher.tenant, watcher.principal):
            self.table.put(listed(place, watcher.id, watcher.connected_at, watcher.expires_at))
        if watcher.session:
            self.table.put({"pk": _room(watcher.tenant, watcher.session), "sk": f"W#{watcher.id}", **kept})

    def get(self, watcher: str) -> Watcher | None:
        """Read it."""
        item = self.table.get(f"W#{watcher}", "WATCHER")
        return _WATCHER.plain(item) if item else None

    def remove(self, watcher: str) -> None:
        """Remove the subscription and the places on the lists, then the watcher, which says where they are."""
        known = self.get(watcher)
        if known:
            if known.session:
                self.unfollow(known)
            else:
                subscriptions = DynamoSubscriptions(self.table)
                for session in subscriptions.sessions(watcher):
                    subscriptions.remove(watcher, known.tenant, session)
            for place in places(known.tenant, known.principal):
                self.table.delete(place, f"W#{watcher}")
            self.table.delete(f"W#{watcher}", "WATCHER")

    def unfollow(self, watcher: Watcher) -> None:
        """Remove the subscription."""
        self.table.delete(_room(watcher.tenant, watcher.session), f"W#{watcher.id}")

    def following(self, tenant: str, session_id: str) -> Sequence[Watcher]:
        """Read the subscriptions to that session."""
        return self.room(tenant, session_id).watchers

    def count_of_session(self, tenant: str, session_id: str, *, now: int) -> int:
        """Count the subscriptions to that session."""
        return self._count(_room(tenant, session_id), now)

    def count_of_tenant(self, tenant: str, *, now: int) -> int:
        """Count the tenant's list."""
        return self._count(f"TW#{tenant}", now)

    def _count(self, pk: str, now: int) -> int:
        # Time to live removes an item up to days after its end.
        return self.table.count(Condition("pk = :pk", {":pk": pk}), Condition("expires_at > :now", {":now": now}))

    def room(self, tenant: str, session_id: str) -> Room:
        """Read the subscriptions to that session, and the note among them."""
        items = list(self.table.query(Condition("pk = :pk", {":pk": _room(tenant, session_id)})))
        watchers = [
            (_SUBSCRIPTION if "types" in item else _WATCHER).plain(item) for item in items if item["sk"] != _NOTE
        ]
        return Room(watchers, next((_ROOM_NOTE.plain(item) for item in items if item["sk"] == _NOTE), NOTHING_NOTED))

    def note(self, tenant: str, session_id: str, note: RoomNote) -> None:
        """Put the note among the subscriptions, in the form of one that has ended.

        Versions that don't know notes take all of these items for subscriptions.
        """
        ended = Watcher(_NOTE, tenant, session_id, "native", principal="", connected_at=0, expires_at=0)
        fields: dict[str, Any] = {**msgspec.to_builtins(ended), **msgspec.to_builtins(note)}
        if note.endpoint and note.endpoint.types is not None:
            fields["endpoint"]["types"] = list(note.endpoint.types)
        ends = max(note.apart_until, note.endpoint.until if note.endpoint else 0)
        self.table.put({"pk": _room(tenant, session_id), "sk": _NOTE, "ttl": ends // 1000, **fields})

    def of(self, principal: str) -> Sequence[str]:
        """Read the principal's list."""
        where = Condition("pk = :pk", {":pk": f"P#{principal}"})
        return [item["sk"].removeprefix("W#") for item in self.table.query(where, keys_only=True)]


class DynamoSubscriptions(Struct, frozen=True):
    """The SubscriptionStore port: an item among the session's watchers, and one that says where it is."""

    table: Table

    def put(self, subscription: Subscription) -> None:
        """Write the item that says where first, so that a connection's end finds all of its subscriptions."""
        fields: dict[str, Any] = {**msgspec.to_builtins(subscription), "types": list(subscription.types)}
        kept = {"ttl": (subscription.connected_at + 2 * LIFETIME) // 1000}
        self.table.put({"pk": f"W#{subscription.id}", "sk": f"S#{subscription.session}", **kept})
        self.table.put({**self._key(subscription), **kept, **fields})

    def remove(self, watcher: str, tenant: str, session_id: str) -> None:
        """Remove both items, in the other order for the same reason."""
        self.table.delete(_room(tenant, session_id), f"W#{watcher}")
        self.table.delete(f"W#{watcher}", f"S#{session_id}")

    def sessions(self, watcher: str) -> Sequence[str]:
        """Read where the connection's subscriptions are."""
        where = Condition("pk = :pk AND begins_with(sk, :s)", {":pk": f"W#{watcher}", ":s": "S#"})
        return [str(item["sk"]).removeprefix("S#") for item in self.table.query(where, keys_only=True)]

    def claim(self, watcher: str, tenant: str, session_id: str, *, now: int) -> Subscription | None:
        """Set the time until which nobody else may send, on condition that nobody may; else leave word where one may.

        Word is left only while the other one holds the claim: it sees it then when it gives the claim back.
        """
        pk, sk = _room(tenant, session_id), f"W#{watcher}"
        mine = Condition("SET busy_until = :until REMOVE again", {":until": now + DRAINING})
        free = Condition("attribute_exists(pk) AND busy_until < :now", {":now": now})
        word = Condition("SET again = :yes", {":yes": True})
        held = Condition("busy_until >= :now AND attribute_not_exists(again)", {":now": now})
        while True:
            refused = self.table.update(pk, sk, mine, free)
            if refused is None:
                item = self.table.get(pk, sk)
                return _SUBSCRIPTION.plain(item) if item else None
            if refused.item is None:
                return None
            left = self.table.update(pk, sk, word, held)
            if left is None:
                raise Busy(first=True)
            if left.item and left.item["busy_until"] >= now and left.item.get("again"):
                raise Busy(first=False)

    def progress(self, subscription: Subscription) -> bool:
        """Write how far it is on condition of the claim."""
        change = Condition("SET sent = :sent", {":sent": subscription.sent})
        return self._update(subscription, change, self._mine(subscription)) is None

    def advance(self, subscription: Subscription, sent: str) -> bool:
        """Write how far it is on condition that it is as it was, and free."""
        mine = self._mine(subscription)
        same = Condition(f"{mine.expression} AND sent = :before", {**mine.values, ":before": subscription.sent})
        return self._update(subscription, Condition("SET sent = :sent", {":sent": sent}), same) is None

    def give_back(self, subscription: Subscription) -> bool:
        """End the claim on condition that it is this one and nobody has left word; else take the word away."""
        mine = self._mine(subscription)
        change = Condition("SET sent = :sent, busy_until = :no", {":sent": subscription.sent, ":no": 0})
        nobody = Condition(f"{mine.expression} AND attribute_not_exists(again)", mine.values)
        if self._update(subscription, change, nobody) is None:
            return True
        change = Condition("SET sent = :sent REMOVE again", {":sent": subscription.sent})
        return self._update(subscription, change, mine) is not None

    def _update(self, of: Subscription, change: Condition, condition: Condition) -> Refused | None:
        key = self._key(of)
        return self.table.update(key["pk"], key["sk"], change, condition)

    @staticmethod
    def _mine(of: Subscription) -> Condition:
        return Condition("busy_until = :mine AND uid = :uid", {":mine": of.busy_until, ":uid": of.uid})

    @staticmethod
    def _key(of: Subscription) -> dict[str, str]:
        return {"pk": _room(of.tenant, of.session), "sk": f"W#{of.id}"}


def places(tenant: str, principal: str) -> tuple[str, str]:
    """Return the keys of a watcher's or channel's places: on its principal's list, and on its tenant's."""
    return f"P#{principal}", f"TW#{tenant}"


def listed(place: str, watcher: str, connected_at: int, expires_at: int) -> Item:
    """Return the item of one place on a list; it outlives the longest connection."""
    ttl = (connected_at + 2 * LIFETIME) // 1000
    return {"pk": place, "sk": f"W#{watcher}", "expires_at": expires_at, "ttl": ttl}


def _room(tenant: str, session_id: str) -> str:
    return f"R#{tenant}#{session_id}"


_CHANNEL: Final = Reader(Channel)

MINUTE: Final = 60_000


class DynamoChannels(Struct, frozen=True):
    """The ChannelStore port."""

    table: Table

    def add(self, channel: Channel) -> None:
        """Write the channel, then its connection's item."""
        self.table.put(_item(channel))
        if channel.connection:
            self.bind(channel.connection, channel)

    def get(self, sid: str) -> Channel | None:
        """Read it."""
        item = self.table.get(f"C#{sid}", "CHANNEL")
        return _CHANNEL.plain(item) if item else None

    def change(self, channel: Channel) -> bool:
        """Write the whole channel on condition that the serial before stands."""
        before = Condition("serial = :before", {":before": channel.serial - 1})
        return self.table.put(_item(channel), before) is None

    def remove(self, channel: Channel) -> None:
        """Remove the subscriptions and the connection, then the channel, which says where they are."""
        rooms = [(_channel_room(channel.tenant or "", name), f"W#{channel.sid}") for name in channel.rooms]
        connection = [(f"W#{channel.connection}", "CHANNEL")] if channel.connection else []
        self.table.delete_many([*rooms, *connection, *_lists(channel), (f"C#{channel.sid}", "CHANNEL")])

    def enlist(self, channel: Channel) -> None:
        """Write an item for the channel on each list that it belongs to."""
        for place, _ in _lists(channel):
            self.table.put(listed(place, channel.sid, channel.connected_at, channel.expires_at))

    def delist(self, channel: Channel) -> None:
        """Remove the channel's item from each list."""
        self.table.delete_many(_lists(channel))

    def bind(self, connection: str, channel: Channel) -> None:
        """Write the connection's item."""
        ttl = (channel.connected_at + 2 * LIFETIME) // 1000
        self.table.put({"pk": f"W#{connection}", "sk": "CHANNEL", "sid": channel.sid, "ttl": ttl})

    def bound(self, connection: str) -> str | None:
        """Read the connection's item."""
        item = self.table.get(f"W#{connection}", "CHANNEL")
        return item["sid"] if item else None

    def unbind(self, connection: str) -> None:
        """Remove it."""
        self.table.delete(f"W#{connection}", "CHANNEL")

    def subscribe(self, channel: Channel, room: str) -> Watcher:
        """Write a subscription like a watcher's. The key of what was said last is kept on it; a new one has none."""
        watcher = subscription(channel, room)
        fields: dict[str, Any] = msgspec.to_builtins(watcher)
        kept = {"ttl": (channel.connected_at + 2 * LIFETIME) // 1000, **fields}
        self.table.put({"pk": _channel_room(watcher.tenant, room), "sk": f"W#{channel.sid}", **kept})
        return watcher

    def unsubscribe(self, channel: Channel, room: str) -> None:
        """Remove it."""
        self.table.delete(_channel_room(channel.tenant or "", room), f"W#{channel.sid}")

    def say(self, tenant: str, room: str, sid: str, *, topic: str, key: str) -> bool:
        """Write the key on the subscription on condition that the subscription is there and has another key."""
        name = {"#said": f"said_{topic}"}
        news = Condition("attribute_exists(pk) AND (attribute_not_exists(#said) OR #said <> :key)", {":key": key}, name)
        change = Condition("SET #said = :key", {":key": key}, name)
        return self.table.update(_channel_room(tenant, room), f"W#{sid}", change, news) is None

    def arrived(self, address: str, *, now: int, most: int) -> bool:
        """Count one more in the minute's item, or begin it."""
        minute = now // MINUTE
        pk, sk = f"N#{address}", f"{minute}"
        while True:
            change = Condition("SET arrived = arrived + :one", {":one": 1})
            refused = self.table.update(pk, sk, change, Condition("arrived < :most", {":most": most}))
            if refused is None:
                return True
            if refused.item:
                return False
            first = {"pk": pk, "sk": sk, "arrived": 1, "ttl": minute * 60 + 180}
            if self.table.put(first, Condition("attribute_not_exists(pk)", {})) is None:
                return True


def _item(channel: Channel) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(channel)
    fields |= {"rooms": list(channel.rooms), "packets": list(channel.packets)}
    ttl = (max(channel.expires_at, channel.connected_at + LIFETIME) + LIFETIME) // 1000
    return {"pk": f"C#{channel.sid}", "sk": "CHANNEL", "ttl": ttl, **fields}


def _lists(channel: Channel) -> list[tuple[str, str]]:
    """Where it is listed among all watchers: nowhere before it has a principal."""
    if channel.principal is None:
        return []
    return [(place, f"W#{channel.sid}") for place in places(channel.tenant or "", channel.principal)]


def _channel_room(tenant: str, session: str) -> str:
    """Where all watchers' subscriptions to a session are, whatever they speak."""
    return f"R#{tenant}#{session}"
