"""Watchers come, say something, and go."""

from dataclasses import dataclass

from chalicelib.dialects import DIALECTS
from chalicelib.domain.errors import TooManyWatchers
from chalicelib.domain.principal import Permission, Principal
from chalicelib.domain.watcher import LIFETIME, Watcher
from chalicelib.services.ports import Clock, Gone, SessionStore, Sockets, Wakes, WatcherStore
from chalicelib.services.sessions.refusals import found
from chalicelib.services.watching.limits import WatcherLimits


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
            for frame in DIALECTS[watcher.dialect].reply(text):
                self.sockets.post(watcher_id, frame)
        except Gone:
            self.watchers.remove(watcher_id)

    def disconnect(self, watcher_id: str) -> None:
        """Forget a watcher that went."""
        self.watchers.remove(watcher_id)
