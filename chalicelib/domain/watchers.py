"""Who follows sessions: watchers (API Gateway WebSocket connections), and channels (Socket.IO clients).

The sid that a Socket.IO client is given is unguessable, and polls are recognised by it: it is a credential. So nothing
is kept, queued or logged under a sid, only under its hash. Every change of a channel is a write over the ``serial``
that was read.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Final

from chalicelib.domain.events import DELETED, Connected, Envelope
from chalicelib.domain.session import Session
from chalicelib.domain.webhook import SESSION_EVENTS, EndpointNote

SETTLING: Final = 10_000
"""Milliseconds after connecting in which API Gateway may still answer 410 for a connection that is fine."""
LIFETIME: Final = 2 * 3_600_000
"""Milliseconds that API Gateway lets a WebSocket connection live."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who watches what, in which dialect; ``expires_at`` is the end of its token or of the connection's life.

    ``session`` is empty for a connection that follows several sessions, by subscriptions. ``token`` is the id of the
    token that let it in, if one did. ``codes`` says that its principal may link the session, and so is shown codes.
    ``only`` is the one session that its credential is good for, if it is bound to one. ``linking`` is the ``uid`` of
    the session whose linking alone it is told of, for a phone's holder that an invitation let in.
    """

    id: str
    tenant: str
    session: str
    dialect: str
    principal: str
    connected_at: int
    expires_at: int
    codes: bool = False
    token: str | None = None
    only: str | None = None
    linking: str | None = None

    def sees(self, session: Session | None) -> Session | None:
        """Return the session as this watcher may see it: without the code where its principal may not link."""
        if self.linking and session:
            session = session.for_holder()
        return session if self.codes or session is None else session.without_code()


ALL: Final = "*"
"""In the place of a session's id: all sessions of the tenant, those too that are made later. No session's id is so."""
MOST_SUBSCRIPTIONS: Final = 100
"""Sessions that one connection may follow; ``ALL`` counts as one."""
DRAINING: Final = 25_000
"""Milliseconds for which one function may send a subscription's events, before another one may."""


@dataclass(frozen=True, slots=True)
class Subscription(Watcher):
    """One of the sessions that a connection follows, from one event to the next without a gap.

    ``sent`` is the cursor of the last event that was sent, or passed over, empty for none; what comes after it in
    history is still to be sent. ``types`` are the types of events that are sent, as ``message.received`` or
    ``message.*``; none for all. One function at a time sends: the one that has set ``busy_until`` (milliseconds since
    the Unix epoch).

    A subscription to ``ALL`` has no ``uid``, and nothing of it is kept: it is sent events as they happen, by whoever
    distributes them.
    """

    uid: str = ""
    sent: str = ""
    types: tuple[str, ...] = ()
    busy_until: int = 0

    def wants(self, type_: str) -> bool:
        """Whether events of this type are sent."""
        return wanted(self.types, type_) and (self.linking is None or type_ in SESSION_EVENTS)

    def ends_with(self, type_: str) -> bool:
        """Whether nothing follows an event of this type: a phone's holder has linked the session."""
        return self.linking is not None and type_ == Connected.type


def wanted(types: Collection[str], type_: str) -> bool:
    """Whether a type of events is one of those that are named, each by itself, as ``message.*`` or by ``*``."""
    return not types or not {type_, f"{type_.partition('.')[0]}.*", "*"}.isdisjoint(types)


def subscribed(watcher: Watcher, session: Session, *, sent: str, types: tuple[str, ...], now: int) -> Subscription:
    """Return the connection's subscription to a session, with whoever makes it as the one that sends."""
    return Subscription(
        id=watcher.id,
        tenant=watcher.tenant,
        session=session.id,
        dialect=watcher.dialect,
        principal=watcher.principal,
        connected_at=watcher.connected_at,
        expires_at=watcher.expires_at,
        codes=watcher.codes,
        token=watcher.token,
        only=watcher.only,
        linking=watcher.linking,
        uid=session.uid,
        sent=sent,
        types=types,
        busy_until=now + DRAINING,
    )


def subscribed_to_all(watcher: Watcher, *, types: tuple[str, ...]) -> Subscription:
    """Return the connection's subscription to all sessions of its tenant."""
    return Subscription(
        id=watcher.id,
        tenant=watcher.tenant,
        session=ALL,
        dialect=watcher.dialect,
        principal=watcher.principal,
        connected_at=watcher.connected_at,
        expires_at=watcher.expires_at,
        token=watcher.token,
        types=types,
    )


def told_to_all(type_: str) -> bool:
    """Whether those who follow all sessions are told of events of this type: of sessions' own, never of messages."""
    return type_.startswith("session.")


SOCKETIO: Final = "socketio"
"""The dialect's name on the subscriptions of Socket.IO clients."""
HANDSHAKE: Final = 45_000
"""Milliseconds in which a client must have connected to the namespace."""
POLL: Final = 20.0
"""Seconds that a poll is held with nothing to say; below what API Gateway and browsers wait."""
UNKNOWN_POLL: Final = 0.1
"""Seconds that the poll of a client without a known principal is held: no longer than any other call takes.

A client sends its token beside its first poll. Without any pause it would poll as fast as it can meanwhile.
"""
MOST_UNKNOWN_POLLS: Final = 50
"""Polls before a client must have shown a credential; after them it is disconnected, and its library retries later."""
OVERDUE: Final = 5_000
"""Milliseconds past its end after which a held poll is given up: its function may have died."""
SILENCE: Final = 90_000
"""Milliseconds without a poll after which a polling client is gone."""
MOST_WAITING: Final = 32
"""Packets that may wait for a poll; a client that is further behind is disconnected."""
LARGEST_WAITING: Final = 300_000
"""Bytes of packets that may wait for a poll, of the 400 KB of an item in DynamoDB; beyond them, as above."""
MOST_ROOMS: Final = 20
"""Sessions that one client may follow."""


class Transport(StrEnum):
    """The transport of packets to the client."""

    POLLING = "polling"
    WEBSOCKET = "websocket"


@dataclass(frozen=True, slots=True)
class Channel:
    """One client; times in milliseconds since the Unix epoch.

    ``sid`` is the hash of the client's own sid (see ``hashed``); it opens nothing.
    ``tenant`` and ``principal`` are there once a credential was checked, ``token`` is the id of the token that it was,
    ``only`` the one session that it is good for if it is bound to one, ``codes`` whether it may be shown codes;
    ``connected`` once the namespace let it in.
    ``connection`` is API Gateway's, ``probed`` says that one has asked to take over from the polls, ``packets`` wait
    for the next poll, ``rooms`` are the ids of the sessions it follows. ``ending`` says that it was told goodbye.
    ``held_until`` is when the poll that is held ends at the latest, 0 with none; ``unknown_polls`` counts those that
    came before a principal.
    """

    sid: str
    transport: Transport
    connected_at: int
    expires_at: int
    seen_at: int
    serial: int = 0
    connection: str | None = None
    probed: bool = False
    tenant: str | None = None
    principal: str | None = None
    only: str | None = None
    codes: bool = False
    token: str | None = None
    connected: bool = False
    ending: bool = False
    held_until: int = 0
    unknown_polls: int = 0
    rooms: tuple[str, ...] = ()
    packets: tuple[str, ...] = field(default=(), repr=False)

    def silent(self, now: int) -> bool:
        """Whether a polling client has fallen silent; a WebSocket's end is told by API Gateway."""
        return self.transport is Transport.POLLING and now - self.seen_at > SILENCE


def hashed(sid: str) -> str:
    """Return the name under which a client's channel is kept: the SHA-256 of its sid, which is random and long."""
    return sha256(sid.encode()).hexdigest()


def new_channel(sid: str, *, now: int, connection: str | None = None) -> Channel:
    """Return a channel whose client must still connect to the namespace."""
    transport = Transport.WEBSOCKET if connection else Transport.POLLING
    return Channel(sid, transport, now, now + HANDSHAKE, now, connection=connection)


def subscription(channel: Channel, room: str) -> Watcher:
    """Return the channel as a follower of its tenant's session ``room``."""
    return Watcher(
        id=channel.sid,
        tenant=channel.tenant or "",
        session=room,
        dialect=SOCKETIO,
        principal=channel.principal or "",
        connected_at=channel.connected_at,
        expires_at=channel.expires_at,
        codes=channel.codes,
    )


def life_ends(now: int, credential_ends: int | None) -> int:
    """Return when a channel ends: with its credential, or after two hours, as its connection would."""
    return min(now + LIFETIME, credential_ends) if credential_ends else now + LIFETIME


APART_FOR: Final = 600_000
"""Milliseconds for which a session's events go on by the push queue once many watched it, however few do by then.

An event sent directly would overtake events that still wait in the queue; none waits longer than this.
"""


@dataclass(frozen=True, slots=True)
class RoomNote:
    """What the fan-out, which alone writes it, has noted beside a session's watchers, and reads with them.

    Until ``apart_until`` the session's events go by the push queue, 0 if they never did. ``endpoint`` is what is known
    of its webhook.
    """

    apart_until: int = 0
    endpoint: EndpointNote | None = None


NOTHING_NOTED: Final = RoomNote()


@dataclass(frozen=True, slots=True)
class Room:
    """Who follows a session, and what is noted beside them; ``whole`` says that this is all there is, as it stands."""

    watchers: Sequence[Watcher]
    note: RoomNote = NOTHING_NOTED
    whole: bool = True


@dataclass(frozen=True, slots=True)
class PushJob:
    """One event to tell a session's watchers, by reference: queues hold no texts.

    ``cursor`` is the event's in history, ``message`` the id of the message that it is about. Only the last event of all
    comes by itself, as ``event``: it has no place in the history that it ends.
    """

    uid: str
    cursor: str
    message: str | None = None
    event: Envelope | None = None


def push_job(envelope: Envelope) -> PushJob:
    """Return the job to tell of an event."""
    event = replace(envelope, message=None) if envelope.type == DELETED else None
    return PushJob(envelope.uid, envelope.cursor, envelope.message.id if envelope.message else None, event)
