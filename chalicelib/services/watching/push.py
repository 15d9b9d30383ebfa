"""Events and snapshots to watchers, each in its own dialect. A watcher that is gone or slow delays no other.

An event is sent to a session's watchers as the fan-out comes to it (``triggers`` says in which order that is). A
snapshot is what a watcher is sent first: the session as it stands, and again if the session moved meanwhile. The same
event may be sent twice, and a snapshot may show what an event then repeats; frames carry what is needed to tell.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.dialects import DIALECTS, frames_in
from chalicelib.dialects.dialect import Saying
from chalicelib.domain.events import Disconnected, Envelope, QRShown
from chalicelib.domain.messages import UNTOLD
from chalicelib.domain.session import Session
from chalicelib.domain.watchers import (
    ALL,
    APART_FOR,
    SETTLING,
    PushJob,
    Room,
    RoomNote,
    Subscription,
    Watcher,
    push_job,
    told_to_all,
)
from chalicelib.services.ports import (
    Clock,
    Gone,
    HistoryStore,
    MessageStore,
    Pushes,
    Rejected,
    SessionStore,
    Sockets,
    Unavailable,
    Wakes,
    WatcherStore,
)
from chalicelib.services.threads import Threads
from chalicelib.services.watching.socketio import Rooms
from chalicelib.services.watching.subscriptions import Owed, Subscriptions

AT_ONCE: Final = 16
"""Frames in flight at a time."""
SNAPSHOTS: Final = 3
"""Snapshots in a row, at the most, for a watcher whose session moves while a snapshot is sent."""

log = logging.getLogger(__name__)


class Push(Struct, frozen=True):
    """Sends frames to watchers."""

    sessions: SessionStore
    watchers: WatcherStore
    sockets: Sockets
    wakes: Wakes
    rooms: Rooms
    clock: Clock
    history: HistoryStore
    messages: MessageStore
    pushes: Pushes
    subscriptions: Subscriptions
    told_at_once: int

    def push(self, envelope: Envelope, room: Room | None = None) -> Room:
        """Send the event to the session's watchers; if there are more than ``told_at_once``, by the push queue.

        The queue keeps a session with many watchers from delaying the others. The watchers are those in ``room``, else
        they are read. Returns the room as it is afterwards, not ``whole`` where that isn't known.
        """
        if envelope.type in UNTOLD:
            return room or Room((), whole=False)
        room = room or self.watchers.room(envelope.tenant, envelope.session)
        followers = self._followers(envelope, room)
        if not followers:
            return room
        room = replace(room, note=self._noted(envelope, room.note, len(followers)))
        if len(followers) > self.told_at_once or self.clock() < room.note.apart_until:
            self.pushes.put(push_job(envelope))
            return room
        stand = self._tell_all(followers, envelope)
        after = [one for one in map(stand.get, room.watchers, room.watchers) if one]
        return replace(room, watchers=after, whole=len(after) == len(room.watchers))

    def tell(self, job: PushJob) -> None:
        """Send a queued event to the session's present watchers; an event or message that is gone by now is dropped."""
        envelope = job.event or self.history.get(job.uid, job.cursor)
        if envelope is None:
            return
        if job.message:
            message = self.messages.get(job.uid, job.message)
            if message is None:
                return
            envelope = replace(envelope, message=message)
        followers = self._followers(envelope, self.watchers.room(envelope.tenant, envelope.session))
        if followers:
            self._tell_all(followers, envelope)

    def _followers(self, envelope: Envelope, room: Room) -> Sequence[Watcher]:
        """Return who follows the session, and of its own events who follows all of the tenant's sessions.

        A connection that does both is told once: by its subscription to the session, if that one has such events.
        """
        of_session = room.watchers
        if not told_to_all(envelope.type):
            return of_session
        told = {one.id for one in of_session if not isinstance(one, Subscription) or one.wants(envelope.type)}
        return [*of_session, *(one for one in self.watchers.following(envelope.tenant, ALL) if one.id not in told)]

    def _noted(self, envelope: Envelope, note: RoomNote, followers: int) -> RoomNote:
        """Note an event that goes by the push queue: later ones do so for a while, since none may overtake it."""
        now = self.clock()
        if followers <= self.told_at_once or note.apart_until >= now + APART_FOR // 2:
            return note
        note = replace(note, apart_until=now + APART_FOR)
        self.watchers.note(envelope.tenant, envelope.session, note)
        return note

    def _tell_all(self, followers: Sequence[Watcher], envelope: Envelope) -> dict[Watcher, Watcher | None]:
        """Send the event to each watcher, ``AT_ONCE`` at a time; return how each stands then, None if unknown.

        A QR code is read from the session as it stands now: one that has expired or was scanned meanwhile isn't sent.
        """
        session = self.sessions.get(envelope.uid) if envelope.type == QRShown.type else None
        now = self.clock()
        if envelope.type == Disconnected.type and any(_patient(one) for one in followers):
            self.rooms.lost(envelope.uid)
        owed = self.subscriptions.owed(envelope, followers)
        if len(followers) == 1:
            return {followers[0]: self._tell(followers[0], envelope, session, owed, now)}
        with Threads(min(AT_ONCE, len(followers))) as pool:
            stand = pool.map(lambda watcher: self._tell(watcher, envelope, session, owed, now), followers)
            return dict(zip(followers, stand, strict=True))

    def _tell(
        self, watcher: Watcher, envelope: Envelope, session: Session | None, owed: Owed, now: int
    ) -> Watcher | None:
        """Send the event to one watcher. Never raises: other watchers and the webhook come after it."""
        try:
            if DIALECTS[watcher.dialect].subscribing:
                return self.subscriptions.tell(watcher, envelope, session, owed)
            sayings = frames_in(watcher.dialect).event(envelope, watcher.sees(session), now)
            if DIALECTS[watcher.dialect].rooms:
                self.rooms.tell(watcher, sayings)
            elif (sayings or watcher.expires_at <= now) and not self._deliver(watcher, sayings):
                return None
        except Exception:
            told = {"uid": envelope.uid, "event_id": envelope.id, "watcher": watcher.id}
            log.exception("a watcher can't be told", extra=told)
            return None
        return watcher

    def snapshot(self, watcher_id: str) -> None:
        """Send one watcher the session as it stands, and again if the session moved meanwhile."""
        watcher = self.watchers.get(watcher_id)
        if watcher is None:
            return
        told = None
        for _ in range(SNAPSHOTS):
            session = self.sessions.find(watcher.tenant, watcher.session)
            if _standing(session) == told:
                return
            told = _standing(session)
            if not self._deliver(watcher, frames_in(watcher.dialect).snapshot(watcher.sees(session), self.clock())):
                return

    def _deliver(self, watcher: Watcher, sayings: Sequence[Saying]) -> bool:
        """Send the frames in order; return whether all were taken. Never raises."""
        now = self.clock()
        try:
            if watcher.expires_at <= now:
                self.sockets.close(watcher.id)
                self.watchers.remove(watcher.id)
                return False
            for saying in sayings:
                for frame in saying.frames:
                    self.sockets.post(watcher.id, frame)
        except Gone:
            self._gone(watcher, now)
            return False
        except (Unavailable, Rejected):
            log.warning("a watcher couldn't be told", extra={"watcher": watcher.id})
            return False
        return True

    def _gone(self, watcher: Watcher, now: int) -> None:
        if now - watcher.connected_at < SETTLING:
            # API Gateway answers 410 for a moment before a connection is ready: it gets a snapshot instead.
            self.wakes.snapshot(watcher.id, delay=1)
        else:
            self.watchers.remove(watcher.id)


def _standing(session: Session | None) -> tuple[str, int] | None:
    return (session.uid, session.version) if session else ("", 0)


def _patient(watcher: Watcher) -> bool:
    """Whether the watcher is told of a lost connection only when it has been lost for a while."""
    dialect = DIALECTS.get(watcher.dialect)
    return dialect is not None and dialect.lost_after > 0
