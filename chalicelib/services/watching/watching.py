"""Watchers' subscriptions and their limits, the history of events, and the end of watchers with their credential."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.dialects import DIALECTS, frames_in
from chalicelib.domain.access import Permission, Principal
from chalicelib.domain.chats import NO_ENTRIES, IndexEntries, Passed, Pointing
from chalicelib.domain.errors import TooManyWatchers
from chalicelib.domain.events import DELETED, Envelope
from chalicelib.domain.messages import Direction
from chalicelib.domain.watchers import LIFETIME, Watcher
from chalicelib.services.ports import (
    Clock,
    Gone,
    HistoryStore,
    Misconfigured,
    Rejected,
    SessionStore,
    Sockets,
    Unavailable,
    Wakes,
    WatcherStore,
)
from chalicelib.services.sessions.moves import found
from chalicelib.services.threads import Threads
from chalicelib.services.watching.channels import Channels
from chalicelib.services.watching.limits import WatcherLimits
from chalicelib.services.watching.subscriptions import Subscriptions


class History(Struct, frozen=True):
    """Keeps events for watchers and webhooks that read them later."""

    store: HistoryStore

    def record(self, envelope: Envelope, entries: IndexEntries = NO_ENTRIES) -> IndexEntries:
        """Write the event, without a message's text, which is kept in the message alone. Repeatable.

        The ``entries`` are written with it; what was written of them is returned. Where the table refuses them for
        good, the event is written alone.

        The event of a session's removal isn't kept. It is the session's last event, and earlier ones may have been
        written after the session and its history were removed, so it removes the history once more.
        """
        if envelope.type == DELETED:
            self.store.forget(envelope.uid)
            return NO_ENTRIES
        event = replace(envelope, message=None)
        try:
            self.store.append(event, entries)
        except Misconfigured:
            raise
        except Rejected:
            if entries == NO_ENTRIES:
                raise
            self.store.append(event)
            return NO_ENTRIES
        return entries

    def record_all(self, events: Sequence[tuple[Envelope, IndexEntries]]) -> Mapping[str, IndexEntries]:
        """Record events of one session together, each with its entries; return what was written, by the cursors.

        The event of the session's removal isn't among it. Raises Unavailable and Rejected, and may have written a part.
        """
        kept = [(replace(one, message=None), entries) for one, entries in events if one.type != DELETED]
        self.store.append_all(_apart(kept))
        return {one.cursor: entries for one, entries in kept}


def _apart(events: Sequence[tuple[Envelope, IndexEntries]]) -> list[tuple[Envelope, IndexEntries]]:
    """Return the events with entries of which no two are about the same: the newest message's time in each direction.

    Of several pointers to one message the last one is as good as any.
    """
    passed: dict[Direction, Passed] = {}
    pointed: dict[str, Pointing] = {}
    for _, entries in events:
        if entries.passed:
            passed[entries.passed.direction] = max(
                entries.passed, passed.get(entries.passed.direction, entries.passed), key=lambda one: one.at
            )
        if entries.pointing:
            pointed[entries.pointing.message.id] = entries.pointing
    return [
        (
            envelope,
            IndexEntries(
                entries.pointing and pointed.pop(entries.pointing.message.id, None),
                entries.passed and passed.pop(entries.passed.direction, None),
            ),
        )
        for envelope, entries in events
    ]


class Watching(Struct, frozen=True):
    """Keeps watchers' subscriptions."""

    sessions: SessionStore
    watchers: WatcherStore
    sockets: Sockets
    wakes: Wakes
    clock: Clock
    limits: WatcherLimits
    subscriptions: Subscriptions

    def connect(self, watcher_id: str, principal: Principal, *, session: str, dialect: str) -> None:
        """Let a watcher follow its tenant's session, which is sent to it at once as it stands.

        Raises SessionNotFound, and TooManyWatchers.

        API Gateway takes no frame for a connection before ``$connect`` has returned, so the snapshot is a job of the
        wake queue. The subscription is written before the job reads the session, and the fan-out writes history before
        it reads subscriptions, so no event falls between the two.
        """
        found(self.sessions.find(principal.tenant, session), session)
        now = self.clock()
        ends = now + LIFETIME
        self.watchers.add(
            Watcher(
                id=watcher_id,
                tenant=principal.tenant,
                session=session,
                dialect=dialect,
                principal=principal.name,
                connected_at=now,
                expires_at=min(ends, principal.expires_at) if principal.expires_at else ends,
                codes=principal.may(Permission.SESSIONS_LINK),
                token=principal.token,
            )
        )
        try:
            self.limits.of_session(principal.tenant, session)
            self.limits.of_tenant(principal.tenant)
        except TooManyWatchers:
            self.watchers.remove(watcher_id)
            raise
        self.wakes.snapshot(watcher_id, delay=0)

    def message(self, watcher_id: str, text: str) -> None:
        """Answer a watcher's frame in its dialect; a watcher that is unknown or gone gets no answer."""
        watcher = self.watchers.get(watcher_id)
        if watcher is None:
            return
        subscribing = DIALECTS[watcher.dialect].subscribing
        try:
            if subscribing:
                self.subscriptions.hear(watcher, text, subscribing)
                return
            for frame in frames_in(watcher.dialect).reply(text):
                self.sockets.post(watcher_id, frame)
        except Gone:
            self.watchers.remove(watcher_id)

    def disconnect(self, watcher_id: str) -> None:
        """Remove a watcher whose connection has ended."""
        self.watchers.remove(watcher_id)


AT_ONCE: Final = 16
"""Connections closed at a time."""

_log: Final = logging.getLogger(__name__)


class Closing(Struct, frozen=True):
    """Ends the watchers that a credential opened."""

    watchers: WatcherStore
    sockets: Sockets
    channels: Channels

    def close(self, principal: str, *, token: str | None = None, surely: bool = False) -> None:
        """Remove the principal's watchers, then close their connections. Repeatable.

        With ``token``, the id of a token, watchers that connected with another token stay; with ``surely`` those stay
        as well of which isn't known whether they connected with a token.
        """
        followers = self.watchers.of(principal)
        if not followers:
            return
        with Threads(min(AT_ONCE, len(followers))) as pool:
            # Reading the results raises what the table couldn't do: a watcher that wasn't forgotten would hear more.
            for _ in pool.map(lambda one: self._close(one, token, {token} if surely else {None, token}), followers):
                pass

    def _close(self, watcher: str, token: str | None, closed: set[str | None]) -> None:
        known = self.watchers.get(watcher)
        if token:
            # Of those that connected before tokens were noted nobody knows with which they came.
            whose = known.token if known else self.channels.token(watcher)
            if whose not in closed:
                return
        if known is None:
            # A channel is forgotten and its connection closed in one: if that fails, the call is to be repeated.
            with suppress(Gone):
                self.channels.close(watcher)
            return
        self.watchers.remove(watcher)
        try:
            self.sockets.close(watcher)
        except Gone:
            pass
        except (Unavailable, Rejected):
            _log.warning(
                "a watcher's connection couldn't be closed; it is told nothing more", extra={"watcher": watcher}
            )
