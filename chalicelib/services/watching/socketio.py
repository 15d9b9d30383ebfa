"""The Socket.IO server: clients connect, join sessions' rooms, get their events, and are disconnected."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from msgspec import Struct

from chalicelib.dialects import DIALECTS, frames_in
from chalicelib.dialects.dialect import Saying
from chalicelib.dialects.socketio import frames as dialect
from chalicelib.dialects.socketio.frames import LASTING
from chalicelib.domain.access import Permission, Principal
from chalicelib.domain.addresses import network_of, wider_network_of
from chalicelib.domain.engineio import (
    MAIN,
    MAX_PAYLOAD,
    PING_INTERVAL,
    PING_TIMEOUT,
    PROBE,
    Malformed,
    Packet,
    PacketType,
    SocketPacket,
    SocketPacketType,
    decode,
    encode,
    frame,
    parse,
    split,
)
from chalicelib.domain.engineio import SocketPacketType as Word
from chalicelib.domain.errors import (
    EngineRefused,
    GatewayError,
    Invalid,
    InvalidField,
    SessionNotFound,
    TooManyAttempts,
    TooManyWatchers,
    Unauthenticated,
)
from chalicelib.domain.session import ID, Session, Status
from chalicelib.domain.watchers import (
    HANDSHAKE,
    MOST_ROOMS,
    POLL,
    SETTLING,
    Channel,
    Transport,
    Watcher,
    hashed,
    life_ends,
)
from chalicelib.services.ports import Clock, Gone, Rejected, SessionStore, Unavailable, WatcherStore
from chalicelib.services.ports.watching import ChannelStore, ChannelWakes, Identify
from chalicelib.services.watching.channels import Channels, Overlap
from chalicelib.services.watching.limits import WatcherLimits

GOODBYE: Final = 1
"""Seconds from session-complete to the disconnection."""
SNAPSHOTS: Final = 3
"""Snapshots in a row, at the most, of a session that moves on while a client joins."""

log = logging.getLogger(__name__)


class Rooms(Struct, frozen=True):
    """Lets channels follow sessions."""

    channels: Channels
    store: ChannelStore
    sessions: SessionStore
    watchers: WatcherStore
    wakes: ChannelWakes
    clock: Clock
    limits: WatcherLimits

    def enter(self, channel: Channel, name: object) -> Watcher:
        """Let the channel follow the session of that name, which needn't exist yet.

        Raises InvalidField, Invalid, SessionNotFound where its credential is bound to another one, TooManyWatchers, and
        Gone.
        Joining again sends the session as it stands once more.
        """
        room = _room(name)
        if channel.only not in {None, room}:
            raise SessionNotFound(f"There is no session '{room}'.", field="sessionName")

        def entered(current: Channel) -> Channel | None:
            if room in current.rooms:
                return None
            if len(current.rooms) >= MOST_ROOMS:
                raise Invalid(f"One client may follow {MOST_ROOMS} sessions. Leave one first.")
            return replace(current, rooms=(*current.rooms, room))

        # The room is noted first: whatever ends the channel from here on also ends the subscription.
        current = self.channels.change(channel.sid, entered)
        if current is None:
            raise Gone(channel.sid)
        watcher = self.store.subscribe(current, room)
        if room not in channel.rooms:
            try:
                self.limits.of_session(watcher.tenant, room)
            except TooManyWatchers:
                self.leave(current, room)
                raise
        return watcher

    def leave(self, channel: Channel, name: object) -> str:
        """End the channel's subscription to that session; return the session's name. Raises InvalidField."""
        room = _room(name)
        self.store.unsubscribe(channel, room)
        self.channels.change(
            channel.sid, lambda c: replace(c, rooms=tuple(one for one in c.rooms if one != room)) if c.rooms else None
        )
        return room

    def catch_up(self, watcher: Watcher) -> None:
        """Send a client that has just joined the session as it stands, and again if it moved meanwhile."""
        told: tuple[str, int] | None = None
        for _ in range(SNAPSHOTS):
            session = self.sessions.find(watcher.tenant, watcher.session)
            if session is None or (session.uid, session.version) == told:
                return
            told = (session.uid, session.version)
            self.tell(watcher, frames_in(watcher.dialect).snapshot(watcher.sees(session), self.clock()))
            self._look_again(session)

    def tell(self, watcher: Watcher, sayings: Sequence[Saying]) -> None:
        """Send one client what it hasn't been sent yet. Never raises, since others wait."""
        try:
            if watcher.expires_at <= self.clock():
                self.channels.close(watcher.id)
                return
            for saying in sayings:
                if self._news(watcher, saying):
                    for text in saying.frames:
                        self.channels.post(watcher.id, text)
                    if saying.last:
                        self.wakes.part(watcher.id, delay=GOODBYE)
        except Gone:
            self._forget(watcher)
        except (Unavailable, Rejected):
            log.warning("a Socket.IO client couldn't be told")

    def lost(self, uid: str) -> None:
        """Queue a second look at the session, for when its connection has been lost for long enough to tell of it."""
        self.wakes.still_lost(uid, delay=LASTING / 1000)

    def still_lost(self, uid: str) -> None:
        """Tell the session's room if the session's connection is still lost."""
        session = self.sessions.get(uid)
        if session is None or session.status is not Status.DISCONNECTED:
            return
        if self._look_again(session):
            return
        for watcher in self.watchers.following(session.tenant, session.id):
            if DIALECTS[watcher.dialect].rooms:
                self.tell(watcher, frames_in(watcher.dialect).snapshot(watcher.sees(session), self.clock()))

    def _look_again(self, session: Session) -> bool:
        """Ask for another look at a connection that is lost, but not for long; whether it was asked for."""
        left = session.since + LASTING - self.clock()
        if session.status is not Status.DISCONNECTED or left <= 0:
            return False
        self.wakes.still_lost(session.uid, delay=left / 1000)
        return True

    def _news(self, watcher: Watcher, saying: Saying) -> bool:
        return self.store.say(watcher.tenant, watcher.session, watcher.id, topic=saying.topic, key=saying.key)

    def _forget(self, watcher: Watcher) -> None:
        """End the channel, and the subscription by itself: a channel that was ended while it joined has left one."""
        try:
            self.channels.close(watcher.id)
            self.watchers.unfollow(watcher)
        except (Unavailable, Rejected):
            log.warning("a Socket.IO client that is gone couldn't be forgotten")


def _room(name: object) -> str:
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise InvalidField(
            "A session's name begins with a letter or digit and goes on with letters, digits, '_', '.' or '-', "
            "64 characters at most.",
            field="sessionName",
        )
    return name


class Conversation(Struct, frozen=True):
    """Answers clients."""

    channels: Channels
    rooms: Rooms
    clock: Clock
    limits: WatcherLimits

    def hear(self, channel: Channel, said: SocketPacket, identify: Identify) -> None:
        """Answer a packet; one that makes no sense at this moment is ignored, as Socket.IO's own server does."""
        match said.kind:
            case SocketPacketType.CONNECT:
                self.channels.post(channel.sid, frame(self._admitted(channel, said, identify)))
            case SocketPacketType.DISCONNECT:
                for room in channel.rooms:
                    self.rooms.leave(channel, room)
                self.channels.change(channel.sid, lambda c: replace(c, connected=False))
            case SocketPacketType.EVENT if channel.connected and said.namespace == MAIN and not channel.ending:
                self._event(channel, said)
            case _:
                return

    def _admitted(self, channel: Channel, said: SocketPacket, identify: Identify) -> SocketPacket:
        """Return the answer to a client that wants to connect to a namespace."""
        if said.namespace != MAIN:
            return SocketPacket(
                SocketPacketType.CONNECT_ERROR, {"message": "Invalid namespace"}, namespace=said.namespace
            )
        token = said.data.get("token") if isinstance(said.data, dict) else None
        token = token if isinstance(token, str) and token else None
        try:
            if token or not channel.principal:
                self.bind(channel, lambda: identify(token))
        except GatewayError as error:
            data = {"code": error.code, "status": error.status}
            return SocketPacket(SocketPacketType.CONNECT_ERROR, {"message": error.message, "data": data})
        self.channels.change(channel.sid, lambda c: replace(c, connected=True))
        # A new id: pages show and log the one that their client has, and the channel's own lets its holder in.
        return SocketPacket(SocketPacketType.CONNECT, {"sid": self.channels.new_sid()})

    def _event(self, channel: Channel, said: SocketPacket) -> None:
        event, *values = said.data
        name = values[0] if values else None
        try:
            if event == dialect.JOIN:
                watcher = self.rooms.enter(channel, name)
                self._acknowledge(channel, said, {"success": True, "sessionName": watcher.session})
                self.rooms.catch_up(watcher)
            elif event == dialect.LEAVE:
                self._acknowledge(channel, said, {"success": True, "sessionName": self.rooms.leave(channel, name)})
        except GatewayError as error:
            self._refuse(channel, said, name, error)

    def _refuse(self, channel: Channel, said: SocketPacket, name: Any, error: GatewayError) -> None:
        if said.ack is None:
            told = name if isinstance(name, str) else ""
            self.channels.post(channel.sid, dialect.complaint(error, told[:100], self.clock()))
        else:
            self._acknowledge(channel, said, {"success": False, "error": error.message, "code": error.code})

    def _acknowledge(self, channel: Channel, said: SocketPacket, answer: dict[str, Any]) -> None:
        if said.ack is not None:
            self.channels.post(channel.sid, frame(SocketPacket(SocketPacketType.ACK, [answer], said.ack)))

    def bind(self, channel: Channel, authenticate: Callable[[], Principal]) -> Channel | None:
        """Bind the channel to the principal of a credential, with which the channel will end.

        The credential is checked again when the channel is on its principal's list: whoever ends a credential writes
        that first and then closes what is on the list, so one of the two sees the other. If the credential has ended or
        lost rights, or the tenant has too many watchers, the channel is released again, or closed if it was bound
        before. Raises what ``authenticate`` raises, Invalid, and TooManyWatchers.
        """
        principal = authenticate()
        if channel.principal and not same(channel, principal):
            raise Invalid("The token isn't that of the handshake.")
        ends = life_ends(self.clock(), principal.expires_at)
        bound = self.channels.change(
            channel.sid,
            lambda c: replace(
                c,
                tenant=principal.tenant,
                principal=principal.name,
                only=principal.session,
                codes=principal.may(Permission.SESSIONS_LINK),
                token=principal.token,
                expires_at=ends,
            ),
        )
        if bound:
            self.channels.store.enlist(bound)
            try:
                if authenticate().role is not principal.role:
                    raise Unauthenticated("Your role was changed at this moment. Connect again.")
                self.limits.of_tenant(principal.tenant)
            except GatewayError:
                if channel.principal is None:
                    self._release(bound)
                else:
                    # It may follow sessions by now.
                    self.channels.close(bound.sid)
                raise
        return bound

    def _release(self, channel: Channel) -> None:
        """Let the channel be nobody's again, for as long as one that just came has to show who it is."""
        self.channels.change(
            channel.sid,
            lambda c: replace(
                c,
                tenant=None,
                principal=None,
                only=None,
                codes=False,
                token=None,
                connected=False,
                expires_at=self.clock() + HANDSHAKE,
            ),
        )
        self.channels.store.delist(channel)


def same(channel: Channel, principal: Principal) -> bool:
    """Whether the channel is bound to that principal."""
    return (channel.tenant, channel.principal) == (principal.tenant, principal.name)


NEIGHBOURS: Final = 8
"""How many times as many clients may come from a larger network as from one address."""
UNKNOWN_SID: Final = 1
"""Engine.IO's code for a sid that isn't one."""
LINGER: Final = 2
"""Seconds between telling a client to go and ending its connection: a client that goes by itself reports the reason."""


class SocketIO(Struct, frozen=True):
    """Connects and disconnects clients."""

    channels: Channels
    store: ChannelStore
    conversation: Conversation
    wakes: ChannelWakes
    clock: Clock
    most_arrivals: int

    def open(
        self, authenticate: Callable[[], Principal] | None, address: str, *, connection: str | None = None
    ) -> tuple[Channel, str]:
        """Return a new client's channel, bound to its principal if it came with a credential, and the client's sid.

        Raises TooManyAttempts when too many clients came from that address within a minute, TooManyWatchers, and what
        ``authenticate`` raises.
        """
        self._must_be_few(address)
        channel, sid = self.channels.open(connection=connection)
        if authenticate:
            try:
                channel = self.conversation.bind(channel, authenticate) or channel
            except GatewayError:
                self.channels.close(channel.sid)
                raise
        if connection:
            self.wakes.greet(channel.sid, delay=0)
        self.wakes.beat(channel.sid, delay=HANDSHAKE / 1000)
        return channel, sid

    def _must_be_few(self, address: str) -> None:
        """Count an arrival from ``address`` and from the wider network around it; raises TooManyAttempts.

        One client may have all addresses of a network, so each network has a bound, too.
        """
        bounds = {wider_network_of(address): NEIGHBOURS * self.most_arrivals, network_of(address): self.most_arrivals}
        for network, most in bounds.items():
            if not self.store.arrived(network, now=self.clock(), most=most):
                raise TooManyAttempts("Too many connections from your network. Wait a minute.", retry_after=60)

    def known(self, sid: str, principal: Principal | None) -> Channel:
        """Return the channel of a client's sid; raises Invalid for an unknown or ended one, or another principal's."""
        channel = self.store.get(hashed(sid))
        strange = channel and principal and channel.principal and not same(channel, principal)
        if channel is None or strange or channel.expires_at <= self.clock():
            raise EngineRefused("Session ID unknown", engine=UNKNOWN_SID)
        return channel

    def poll(self, channel: Channel, *, seconds: float = POLL) -> str:
        """Return the body of a poll's answer. A second poll beside a held one ends the channel: raises Invalid.

        Engine.IO's own server does the same, and no client of its protocol polls twice at a time.
        """
        if channel.transport is Transport.WEBSOCKET:
            raise EngineRefused("The client is on its WebSocket.", engine=UNKNOWN_SID)
        try:
            return self.channels.poll(channel, seconds=seconds) or encode(Packet(PacketType.CLOSE))
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
            # The channel was ended meanwhile, or its client fetches no frames any more.
            self.channels.close(channel.sid)
            raise EngineRefused("Session ID unknown", engine=UNKNOWN_SID) from error

    def attach(self, channel: Channel, connection: str) -> None:
        """Let a connection ask for a channel that polls."""
        if channel.transport is Transport.WEBSOCKET:
            raise EngineRefused("The client is on its WebSocket.", engine=UNKNOWN_SID)
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
            elif channel and packet == Packet(PacketType.PING, PROBE):
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
        """Remove an ended connection, and its channel unless that still polls."""
        sid = self.store.bound(connection)
        channel = self.store.get(sid) if sid else None
        if channel:
            self.channels.abandon(channel, connection)
        elif sid:
            self.store.unbind(connection)

    def greet(self, sid: str) -> None:
        """Send a connection its open packet; API Gateway may answer for a moment that the connection isn't there."""
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
        """Ping the client and queue the next ping; end a channel that never connected, fell silent, or has expired."""
        channel, now = self.store.get(sid), self.clock()
        if channel is None:
            return
        if not channel.connected or channel.silent(now) or channel.expires_at <= now:
            self.channels.close(sid)
            return
        try:
            self.channels.post(sid, encode(Packet(PacketType.PING)))
        except Gone:
            self.channels.close(sid)
        else:
            self.wakes.beat(sid, delay=min(PING_INTERVAL, max(channel.expires_at - now, 1000)) / 1000)

    def part(self, sid: str) -> None:
        """Tell the client to disconnect, and end its connection a little later if it is still there."""
        channel = self.store.get(sid)
        if channel is None:
            return
        if channel.ending:
            self.channels.close(sid)
            return
        self.channels.change(sid, lambda c: replace(c, ending=True))
        try:
            self.channels.post(sid, frame(SocketPacket(Word.DISCONNECT)))
        except Gone:
            self.channels.close(sid)
        else:
            self.wakes.part(sid, delay=LINGER)

    def _hear(self, sid: str, packet: Packet, identify: Identify) -> None:
        channel = self.store.get(sid)
        if channel is None:
            return
        if packet.kind is PacketType.CLOSE:
            self.channels.close(sid)
        elif packet.kind is PacketType.MESSAGE:
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
    return encode(Packet(PacketType.OPEN, json.dumps(said, separators=(",", ":"))))
