"""Watchers come and go, the stream becomes history, and whose credential ended is told nothing more."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.dialects import frames_in
from chalicelib.domain.access import Permission, Principal
from chalicelib.domain.errors import TooManyWatchers
from chalicelib.domain.events import DELETED, Envelope
from chalicelib.domain.watchers import LIFETIME, Watcher
from chalicelib.services.ports import (
    Clock,
    Gone,
    HistoryStore,
    Rejected,
    SessionStore,
    Sockets,
    Unavailable,
    Wakes,
    WatcherStore,
)
from chalicelib.services.sessions.refusals import found
from chalicelib.services.watching.channels import Channels


@dataclass(frozen=True, slots=True)
class History:
    """Keeps events for those who come later."""

    store: HistoryStore

    def record(self, envelope: Envelope) -> None:
        """Write the event; again is no harm. A message's text stands in the message alone, so it is kept without it.

        The removal of a session has nowhere to stand. It is the last of the session's events, and those before it may
        have been written after the session and its history were removed: with it they go for good.
        """
        if envelope.type == DELETED:
            self.store.forget(envelope.uid)
        else:
            self.store.append(replace(envelope, message=None))


@dataclass(frozen=True, slots=True)
class WatcherLimits:
    """Bounds of the watchers of one session, and of one tenant; one that follows several sessions counts once there.

    A watcher is written before it is counted. Of several that come at once for the last place each sees the others, so
    there never are more than may be; it can be that none of them gets the place.
    """

    watchers: WatcherStore
    clock: Clock
    per_session: int
    per_tenant: int

    def of_tenant(self, tenant: str) -> None:
        """Raise TooManyWatchers if the tenant has more than it may."""
        if self.watchers.count_of_tenant(tenant, now=self.clock()) > self.per_tenant:
            raise TooManyWatchers(
                f"{self.per_tenant} clients are watching this tenant's sessions, and more may not.",
                hint="Close some of the connections.",
                retry_after=60,
            )

    def of_session(self, tenant: str, session_id: str) -> None:
        """Raise TooManyWatchers if the session has more than it may."""
        if self.watchers.count_of_session(tenant, session_id, now=self.clock()) > self.per_session:
            raise TooManyWatchers(
                f"{self.per_session} clients are watching this session, and more may not.",
                hint="Close some of the connections.",
                retry_after=60,
            )


@dataclass(frozen=True, slots=True)
class Watching:
    """Keeps who watches what."""

    sessions: SessionStore
    watchers: WatcherStore
    sockets: Sockets
    wakes: Wakes
    clock: Clock
    limits: WatcherLimits

    def connect(self, watcher_id: str, principal: Principal, *, session: str, dialect: str) -> None:
        """Let a watcher follow its tenant's session; what stands is sent to it at once.

        Raises SessionNotFound, and TooManyWatchers.

        Nothing can be posted to a connection while it is being made, so the snapshot is a job. The subscription is
        written before the job reads, and fan-outs write history before they read subscriptions: nobody misses one.
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
        """Answer what a watcher says in its dialect; one that isn't known, or is gone, gets no answer."""
        watcher = self.watchers.get(watcher_id)
        if watcher is None:
            return
        try:
            for frame in frames_in(watcher.dialect).reply(text):
                self.sockets.post(watcher_id, frame)
        except Gone:
            self.watchers.remove(watcher_id)

    def disconnect(self, watcher_id: str) -> None:
        """Forget a watcher that went."""
        self.watchers.remove(watcher_id)


AT_ONCE: Final = 16
"""Connections closed at a time."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Closing:
    """Ends what a credential opened."""

    watchers: WatcherStore
    sockets: Sockets
    channels: Channels

    def close(self, principal: str, *, token: str | None = None) -> None:
        """Forget the principal's watchers, then close their connections; doing it twice does no harm.

        With a ``token``, those that came with another one stay.
        """
        followers = self.watchers.of(principal)
        if not followers:
            return
        with ThreadPoolExecutor(min(AT_ONCE, len(followers))) as pool:
            # Reading the results raises what the table couldn't do: a watcher that wasn't forgotten would hear more.
            for _ in pool.map(lambda one: self._close(one, token), followers):
                pass

    def _close(self, watcher: str, token: str | None) -> None:
        known = self.watchers.get(watcher)
        if token:
            # Of those that connected before tokens were noted nobody knows with which they came.
            whose = known.token if known else self.channels.token(watcher)
            if whose not in {None, token}:
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
