"""Socket.IO's channels in memory: whole, with the same guarantees as the adapter, which runs the same suite."""

from dataclasses import dataclass, field

from chalicelib.domain.watchers import Channel, Watcher, subscription
from tests.fakes import MemoryWatchers


@dataclass
class MemoryChannels:
    """ChannelStore; subscriptions go where the other watchers' are, as in the table."""

    watchers: MemoryWatchers = field(default_factory=MemoryWatchers)
    rows: dict[str, Channel] = field(default_factory=dict)
    connections: dict[str, str] = field(default_factory=dict)
    said: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)
    arrivals: dict[tuple[str, int], int] = field(default_factory=dict)

    def add(self, channel: Channel) -> None:
        self.rows[channel.sid] = channel
        if channel.connection:
            self.bind(channel.connection, channel)

    def get(self, sid: str) -> Channel | None:
        return self.rows.get(sid)

    def change(self, channel: Channel) -> bool:
        stands = self.rows.get(channel.sid)
        if stands is None or stands.serial != channel.serial - 1:
            return False
        self.rows[channel.sid] = channel
        return True

    def remove(self, channel: Channel) -> None:
        self.rows.pop(channel.sid, None)
        self.delist(channel)
        for room in channel.rooms:
            self.unsubscribe(channel, room)
        self.connections.pop(channel.connection or "", None)

    def enlist(self, channel: Channel) -> None:
        self.watchers.enlisted[channel.sid] = channel.principal or ""
        self.watchers.channels[channel.sid] = channel.tenant or "", channel.expires_at

    def delist(self, channel: Channel) -> None:
        self.watchers.enlisted.pop(channel.sid, None)
        self.watchers.channels.pop(channel.sid, None)

    def bind(self, connection: str, channel: Channel) -> None:
        self.connections[connection] = channel.sid

    def bound(self, connection: str) -> str | None:
        return self.connections.get(connection)

    def unbind(self, connection: str) -> None:
        self.connections.pop(connection, None)

    def subscribe(self, channel: Channel, room: str) -> Watcher:
        watcher = subscription(channel, room)
        self.watchers.rows[f"{channel.sid}#{room}"] = watcher
        self.said[watcher.tenant, room, channel.sid] = {}
        return watcher

    def unsubscribe(self, channel: Channel, room: str) -> None:
        self.watchers.rows.pop(f"{channel.sid}#{room}", None)
        self.said.pop((channel.tenant or "", room, channel.sid), None)

    def say(self, tenant: str, room: str, sid: str, *, topic: str, key: str) -> bool:
        said = self.said.get((tenant, room, sid))
        if said is None or said.get(topic) == key:
            return False
        said[topic] = key
        return True

    def arrived(self, address: str, *, now: int, most: int) -> bool:
        minute = address, now // 60_000
        if self.arrivals.get(minute, 0) >= most:
            return False
        self.arrivals[minute] = self.arrivals.get(minute, 0) + 1
        return True
