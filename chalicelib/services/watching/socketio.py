"""The Socket.IO server: clients come, change from polls to a WebSocket, are kept alive, and are let go."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.domain.addresses import network_of, wider_network_of
from chalicelib.domain.channel import HANDSHAKE, POLL, Channel, Transport, hashed
from chalicelib.domain.engineio import (
    MAX_PAYLOAD,
    PING_INTERVAL,
    PING_TIMEOUT,
    PROBE,
    Kind,
    Malformed,
    Packet,
    decode,
    encode,
    split,
)
from chalicelib.domain.errors import GatewayError, Invalid, TooManyAttempts
from chalicelib.domain.principal import Principal
from chalicelib.domain.socketio import Kind as Word
from chalicelib.domain.socketio import Said, frame, parse
from chalicelib.domain.watcher import SETTLING
from chalicelib.services.ports import Clock, Gone
from chalicelib.services.ports.channels import ChannelStore, ChannelWakes, Identify
from chalicelib.services.watching.channels import Channels, Overlap
from chalicelib.services.watching.conversation import Conversation, same

NEIGHBOURS: Final = 8
"""How many times as many clients as from one address may come from the larger network that it is in."""
UNKNOWN_SID: Final = 1
"""Engine.IO's code for a sid that isn't one."""
LINGER: Final = 2
"""Seconds between telling a client to go and ending its connection: a client that goes by itself reports the reason."""


@dataclass(frozen=True, slots=True)
class SocketIO:
    """Lets clients in and out."""

    channels: Channels
    store: ChannelStore
    conversation: Conversation
    wakes: ChannelWakes
    clock: Clock
    most_arrivals: int

    def open(
        self, who_knocks: Callable[[], Principal] | None, address: str, *, connection: str | None = None
    ) -> tuple[Channel, str]:
        """Return a new client's channel, bound to who knocks if it came with a credential, and the client's sid.

        Raises TooManyAttempts when too many clients came from that address within a minute, TooManyWatchers, and what
        ``who_knocks`` raises.
        """
        self._must_be_few(address)
        channel, sid = self.channels.open(connection=connection)
        if who_knocks:
            try:
                channel = self.conversation.bind(channel, who_knocks) or channel
            except GatewayError:
                self.channels.close(channel.sid)
                raise
        if connection:
            self.wakes.greet(channel.sid, delay=0)
        self.wakes.beat(channel.sid, delay=HANDSHAKE / 1000)
        return channel, sid

    def _must_be_few(self, address: str) -> None:
        """Count one more from that address and from the network around it, which somebody may have all of."""
        bounds = {wider_network_of(address): NEIGHBOURS * self.most_arrivals, network_of(address): self.most_arrivals}
        for network, most in bounds.items():
            if not self.store.arrived(network, now=self.clock(), most=most):
                raise TooManyAttempts("Too many connections from your network. Wait a minute.", retry_after=60)

    def known(self, sid: str, principal: Principal | None) -> Channel:
        """Return the channel of a client's sid; raises Invalid for none, one that is over, or another principal's."""
        channel = self.store.get(hashed(sid))
        strange = channel and principal and channel.principal and not same(channel, principal)
        if channel is None or strange or channel.expires_at <= self.clock():
            raise Invalid("Session ID unknown", context={"engine": UNKNOWN_SID})
        return channel

    def poll(self, channel: Channel, *, seconds: float = POLL) -> str:
        """Return the body of a poll's answer. A second poll beside one that is held ends the client: raises Invalid.

        So does Engine.IO's own server, and no client of its protocol polls twice at a time.
        """
        if channel.transport is Transport.WEBSOCKET:
            raise Invalid("The client is on its WebSocket.", context={"engine": UNKNOWN_SID})
        try:
            return self.channels.poll(channel, seconds=seconds) or encode(Packet(Kind.CLOSE))
        except Overlap:
            self.channels.close(channel.sid)
            raise Invalid("overlap from client") from None

    def take(self, channel: Channel, body: str, identify: Identify) -> None:
        """Take in the body that a polling client posted; raises Invalid."""
        try:
            for packet in split(body):
                self._hear(channel.sid, packet, identify)
        except Malformed as error:
            self.channels.close(channel.sid)
            raise Invalid(str(error)) from error
        except Gone as error:
            # It was ended meanwhile, or fetches nothing.
            self.channels.close(channel.sid)
            raise Invalid("Session ID unknown", context={"engine": UNKNOWN_SID}) from error

    def attach(self, channel: Channel, connection: str) -> None:
        """Let a connection ask for a channel that polls."""
        if channel.transport is Transport.WEBSOCKET:
            raise Invalid("The client is on its WebSocket.", context={"engine": UNKNOWN_SID})
        self.store.bind(connection, channel)

    def hear(self, connection: str, text: str, identify: Identify) -> bool:
        """Take in a frame of a connection; False if the connection is no Socket.IO client's."""
        sid = self.store.bound(connection)
        channel = self.store.get(sid) if sid else None
        if sid is None:
            return False
        try:
            packet = decode(text)
            if channel and channel.connection == connection:
                self._hear(sid, packet, identify)
            elif channel and packet == Packet(Kind.PING, PROBE):
                self.channels.probe(channel, connection)
            elif channel and channel.probed:
                # API Gateway doesn't keep the order of a connection's frames: a message that the client sent after
                # its upgrade packet may come before that one, and says the same.
                self.channels.take_over(channel, connection)
                self._hear(sid, packet, identify)
        except Malformed:
            self.channels.close(sid)
        except Gone:
            self.leave(connection)
        return True

    def leave(self, connection: str) -> None:
        """Forget a connection that went, and its channel unless that still polls."""
        sid = self.store.bound(connection)
        channel = self.store.get(sid) if sid else None
        if channel:
            self.channels.abandon(channel, connection)
        elif sid:
            self.store.unbind(connection)

    def greet(self, sid: str) -> None:
        """Send a connection its open packet; API Gateway may say for a moment that it isn't there yet."""
        channel = self.store.get(sid)
        if channel is None or channel.connection is None:
            return
        try:
            # A client on its connection never shows a sid again: the one that it is told is nobody's.
            self.channels.post(sid, opening(channel, self.channels.new_sid()))
        except Gone:
            if self.clock() - channel.connected_at < SETTLING:
                self.wakes.greet(sid, delay=1)
            else:
                self.channels.close(sid)

    def beat(self, sid: str) -> None:
        """Ping the client, and see to the next time; end it if it never connected, fell silent, or its time is up."""
        channel, now = self.store.get(sid), self.clock()
        if channel is None:
            return
        if not channel.connected or channel.silent(now) or channel.expires_at <= now:
            self.channels.close(sid)
            return
        try:
            self.channels.post(sid, encode(Packet(Kind.PING)))
        except Gone:
            self.channels.close(sid)
        else:
            self.wakes.beat(sid, delay=min(PING_INTERVAL, max(channel.expires_at - now, 1000)) / 1000)

    def part(self, sid: str) -> None:
        """Tell the client to go, and end its connection a little later if it is still there."""
        channel = self.store.get(sid)
        if channel is None:
            return
        if channel.ending:
            self.channels.close(sid)
            return
        self.channels.change(sid, lambda c: replace(c, ending=True))
        try:
            self.channels.post(sid, frame(Said(Word.DISCONNECT)))
        except Gone:
            self.channels.close(sid)
        else:
            self.wakes.part(sid, delay=LINGER)

    def _hear(self, sid: str, packet: Packet, identify: Identify) -> None:
        channel = self.store.get(sid)
        if channel is None:
            return
        if packet.kind is Kind.CLOSE:
            self.channels.close(sid)
        elif packet.kind is Kind.MESSAGE:
            self.conversation.hear(channel, parse(packet.data), identify)


def opening(channel: Channel, sid: str) -> str:
    """Return the open packet, which gives the client its sid."""
    said = {
        "sid": sid,
        "upgrades": ["websocket"] if channel.transport is Transport.POLLING else [],
        "pingInterval": PING_INTERVAL,
        "pingTimeout": PING_TIMEOUT,
        "maxPayload": MAX_PAYLOAD,
    }
    return encode(Packet(Kind.OPEN, json.dumps(said, separators=(",", ":"))))
