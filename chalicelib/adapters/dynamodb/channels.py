"""Socket.IO's channels in the table: each with the packets that wait for it in one item, so that they keep their order.

A channel is written as a whole over the serial that was read: a packet is queued, taken and handed over to a
WebSocket under that one condition.
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.adapters.dynamodb.watchers import listed, places
from chalicelib.domain.channel import Channel, subscription
from chalicelib.domain.watcher import LIFETIME, Watcher
from chalicelib.reading import Reader

_CHANNEL: Final = Reader(Channel)

MINUTE: Final = 60_000


@dataclass(frozen=True, slots=True)
class DynamoChannels:
    """The ChannelStore port."""

    table: Table

    def add(self, channel: Channel) -> None:
        """Write the channel, then whose the connection is."""
        self.table.put(_item(channel))
        if channel.connection:
            self.bind(channel.connection, channel)

    def get(self, sid: str) -> Channel | None:
        """Read it."""
        item = self.table.get(f"C#{sid}", "CHANNEL")
        return _CHANNEL.plain(item) if item else None

    def change(self, channel: Channel) -> bool:
        """Write it whole on condition of the serial before."""
        before = Condition("serial = :before", {":before": channel.serial - 1})
        return self.table.put(_item(channel), before) is None

    def remove(self, channel: Channel) -> None:
        """Remove the subscriptions and the connection, then the channel, which says where they are."""
        rooms = [(_room(channel.tenant or "", name), f"W#{channel.sid}") for name in channel.rooms]
        connection = [(f"W#{channel.connection}", "CHANNEL")] if channel.connection else []
        self.table.delete_many([*rooms, *connection, *_lists(channel), (f"C#{channel.sid}", "CHANNEL")])

    def enlist(self, channel: Channel) -> None:
        """Write its place on each list."""
        for place, _ in _lists(channel):
            self.table.put(listed(place, channel.sid, channel.connected_at, channel.expires_at))

    def delist(self, channel: Channel) -> None:
        """Remove its places."""
        self.table.delete_many(_lists(channel))

    def bind(self, connection: str, channel: Channel) -> None:
        """Write the connection's item."""
        ttl = (channel.connected_at + 2 * LIFETIME) // 1000
        self.table.put({"pk": f"W#{connection}", "sk": "CHANNEL", "sid": channel.sid, "ttl": ttl})

    def bound(self, connection: str) -> str | None:
        """Read it."""
        item = self.table.get(f"W#{connection}", "CHANNEL")
        return item["sid"] if item else None

    def unbind(self, connection: str) -> None:
        """Remove it."""
        self.table.delete(f"W#{connection}", "CHANNEL")

    def subscribe(self, channel: Channel, room: str) -> Watcher:
        """Write a subscription like every watcher's; what was said is kept on it, so a new one knows of nothing."""
        watcher = subscription(channel, room)
        fields: dict[str, Any] = msgspec.to_builtins(watcher)
        kept = {"ttl": (channel.connected_at + 2 * LIFETIME) // 1000, **fields}
        self.table.put({"pk": _room(watcher.tenant, room), "sk": f"W#{channel.sid}", **kept})
        return watcher

    def unsubscribe(self, channel: Channel, room: str) -> None:
        """Remove it."""
        self.table.delete(_room(channel.tenant or "", room), f"W#{channel.sid}")

    def say(self, tenant: str, room: str, sid: str, *, topic: str, key: str) -> bool:
        """Write the key on the subscription on condition that it is there and has another one."""
        name = {"#said": f"said_{topic}"}
        news = Condition("attribute_exists(pk) AND (attribute_not_exists(#said) OR #said <> :key)", {":key": key}, name)
        change = Condition("SET #said = :key", {":key": key}, name)
        return self.table.update(_room(tenant, room), f"W#{sid}", change, news) is None

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


def _room(tenant: str, session: str) -> str:
    """Where all watchers' subscriptions to a session are, whatever they speak."""
    return f"R#{tenant}#{session}"
