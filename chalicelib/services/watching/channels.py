"""Channels as a transport: packets over polls or a WebSocket, and the change from polls to a WebSocket.

A packet is queued on condition that the channel still polls; at the upgrade what waits is sent over the connection
before the channel changes over, under the same condition. So packets keep their order, and none falls between the two.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.engineio import PROBE, Packet, PacketType, encode, join
from chalicelib.domain.watchers import (
    LARGEST_WAITING,
    MOST_UNKNOWN_POLLS,
    MOST_WAITING,
    OVERDUE,
    UNKNOWN_POLL,
    Channel,
    Transport,
    hashed,
    new_channel,
)
from chalicelib.services.ports import Clock, Gone, Sleep, Sockets, Unavailable
from chalicelib.services.ports.watching import ChannelStore, ChannelWakes, NewSid
from chalicelib.services.waiting import in_time

TRIES: Final = 20
FIRST_LOOK: Final = 0.05
"""Seconds after which a held poll looks again; each look waits twice as long as the one before."""
SLOWEST_LOOK: Final = 1.5
"""Seconds between two looks at the most: 18 in a poll of 20 seconds that hears nothing."""
NOOP: Final = encode(Packet(PacketType.NOOP))


class Overlap(Exception):
    """A client polls while another of its polls is held."""


class Channels(Struct, frozen=True):
    """Carries frames; the Sockets port, with the hashes of sids for connection ids."""

    store: ChannelStore
    sockets: Sockets
    wakes: ChannelWakes
    clock: Clock
    sleep: Sleep
    new_sid: NewSid

    def open(self, *, connection: str | None = None) -> tuple[Channel, str]:
        """Return a new channel, and the sid for its client, which is stored nowhere.

        Nothing can be posted to a connection before its handshake ends, so a job sends the open packet.
        """
        sid = self.new_sid()
        channel = new_channel(hashed(sid), now=self.clock(), connection=connection)
        self.store.add(channel)
        return channel, sid

    def change(self, sid: str, decide: Callable[[Channel], Channel | None]) -> Channel | None:
        """Write what ``decide`` makes of the channel, again after a lost race; None if there is no such channel.

        ``decide`` returns None for nothing to change.
        """
        for _ in range(TRIES):
            channel = self.store.get(sid)
            after = decide(channel) if channel else None
            if channel is None or after is None:
                return channel
            after = replace(after, serial=channel.serial + 1)
            if self.store.change(after):
                return after
        raise Unavailable("A channel is being changed by many.")

    def post(self, watcher: str, text: str) -> None:
        """Send one frame, or let it wait for the next poll; raises Gone, also for a client that fetches nothing."""

        def queued(channel: Channel) -> Channel | None:
            if channel.transport is Transport.WEBSOCKET:
                return None
            waiting = sum(len(packet.encode()) for packet in (*channel.packets, text))
            if len(channel.packets) >= MOST_WAITING or waiting > LARGEST_WAITING or channel.silent(self.clock()):
                raise Gone(watcher)
            return replace(channel, packets=(*channel.packets, text))

        channel = self.change(watcher, queued)
        if channel is None:
            raise Gone(watcher)
        if channel.transport is Transport.WEBSOCKET and channel.connection:
            self.sockets.post(channel.connection, text)

    def token(self, watcher: str) -> str | None:
        """Return the id of the token that the channel's client came with, None for none that is known."""
        channel = self.store.get(watcher)
        return channel.token if channel else None

    def close(self, watcher: str) -> None:
        """End the channel and its connection; one that is gone is no error."""
        channel = self.store.get(watcher)
        if channel:
            self.store.remove(channel)
            if channel.connection:
                self.sockets.close(channel.connection)

    def poll(self, channel: Channel, *, seconds: float) -> str | None:
        """Return the packets that wait for the client, as soon as there are any; None if the channel ends meanwhile.

        With none in time, or while a connection asks to take over, a noop is returned: clients take an empty body for
        an error. A client without a known principal is held for a moment only, and after some polls its channel is
        ended. Raises Overlap.
        """
        held, pause, current = False, FIRST_LOOK, channel
        ends = in_time(self.clock() + round((seconds if channel.principal else UNKNOWN_POLL) * 1000))
        while True:
            now = self.clock()
            if not held and now < current.held_until:
                raise Overlap
            if current.packets or current.probed or (held and now >= ends):
                done = replace(current, packets=(), held_until=0, serial=current.serial + 1, seen_at=now)
                if self.store.change(done):
                    return join(current.packets) if current.packets else NOOP
            elif held:
                self.sleep(min(pause, max(ends - now, 1) / 1000))
                pause = min(pause * 2, SLOWEST_LOOK)
            else:
                unknown = current.unknown_polls + (0 if current.principal else 1)
                if unknown > MOST_UNKNOWN_POLLS:
                    self.close(channel.sid)
                    return None
                waits = replace(
                    current,
                    held_until=ends + OVERDUE,
                    unknown_polls=unknown,
                    serial=current.serial + 1,
                    seen_at=now,
                )
                if self.store.change(waits):
                    held, current = True, waits
                    continue
            found = self.store.get(channel.sid)
            if found is None or found.transport is Transport.WEBSOCKET:
                return NOOP if found else None
            current = found

    def probe(self, channel: Channel, connection: str) -> None:
        """Answer a connection that asks to take over, after having the held poll end."""
        self.change(channel.sid, lambda c: replace(c, probed=True))
        self.sockets.post(connection, encode(Packet(PacketType.PONG, PROBE)))

    def take_over(self, channel: Channel, connection: str) -> None:
        """Send the waiting packets over the connection, then change the channel over to it."""
        while True:
            taken: list[str] = []

            def step(current: Channel, taken: list[str] = taken) -> Channel | None:
                taken[:] = current.packets
                if current.transport is Transport.WEBSOCKET:
                    return None
                if current.packets:
                    return replace(current, packets=())
                return replace(current, transport=Transport.WEBSOCKET, connection=connection, probed=False)

            after = self.change(channel.sid, step)
            for text in taken:
                self.sockets.post(connection, text)
            if after is None or after.transport is Transport.WEBSOCKET:
                return

    def abandon(self, channel: Channel, connection: str) -> None:
        """Remove an ended connection, and its channel unless the channel still polls."""
        self.store.unbind(connection)
        if channel.connection == connection:
            self.store.remove(channel)
        elif channel.probed:
            self.change(channel.sid, lambda c: replace(c, probed=False))
