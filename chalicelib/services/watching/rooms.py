"""Socket.IO's rooms: who is in, what is said there, and when a client is let go."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.dialects.socketio import LASTING, Saying, snapshot
from chalicelib.domain.channel import MOST_ROOMS, SOCKETIO, Channel
from chalicelib.domain.errors import Invalid, InvalidField, SessionNotFound, TooManyWatchers
from chalicelib.domain.session import ID, Session, Status
from chalicelib.domain.watcher import Watcher
from chalicelib.services.ports import Clock, Gone, Rejected, SessionStore, Unavailable, WatcherStore
from chalicelib.services.ports.channels import ChannelStore, ChannelWakes
from chalicelib.services.watching.channels import Channels
from chalicelib.services.watching.limits import WatcherLimits

GOODBYE: Final = 1
"""Seconds from session-complete to the disconnection."""
SNAPSHOTS: Final = 3
"""Looks in a row at a session that moves on while a client joins."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rooms:
    """Lets channels follow sessions."""

    channels: Channels
    store: ChannelStore
    sessions: SessionStore
    watchers: WatcherStore
    wakes: ChannelWakes
    clock: Clock
    limits: WatcherLimits

    def enter(self, channel: Channel, name: object) -> Watcher:
        """Let the channel follow the session of that name, which needn't be there yet.

        Raises InvalidField, Invalid, SessionNotFound where its credential is bound to another one, TooManyWatchers, and
        Gone.
        Joining once more is as good as the first time: what stands is told anew.
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
        """Let it follow that session no more; returns the session's name, raises InvalidField."""
        room = _room(name)
        self.store.unsubscribe(channel, room)
        self.channels.change(
            channel.sid, lambda c: replace(c, rooms=tuple(one for one in c.rooms if one != room)) if c.rooms else None
        )
        return room

    def catch_up(self, watcher: Watcher) -> None:
        """Tell one who has just joined what stands, and again if it moved while it was told."""
        told: tuple[str, int] | None = None
        for _ in range(SNAPSHOTS):
            session = self.sessions.find(watcher.tenant, watcher.session)
            if session is None or (session.uid, session.version) == told:
                return
            told = (session.uid, session.version)
            self.tell(watcher, snapshot(watcher.sees(session), self.clock()))
            self._look_again(session)

    def tell(self, watcher: Watcher, sayings: Sequence[Saying]) -> None:
        """Say to one client what it hasn't heard. Never raises: others wait."""
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
        """Have the session looked at when its connection has been lost for long enough to say so."""
        self.wakes.still_lost(uid, delay=LASTING / 1000)

    def still_lost(self, uid: str) -> None:
        """Tell those in the session's room if its connection is still lost."""
        session = self.sessions.get(uid)
        if session is None or session.status is not Status.DISCONNECTED:
            return
        if self._look_again(session):
            return
        for watcher in self.watchers.following(session.tenant, session.id):
            if watcher.dialect == SOCKETIO:
                self.tell(watcher, snapshot(watcher.sees(session), self.clock()))

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
