"""Watchers in memory, and sockets that note what is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.watchers import DRAINING, NOTHING_NOTED, PushJob, Room, RoomNote, Subscription, Watcher
from chalicelib.services.ports import Gone
from chalicelib.services.ports.watching import Busy


@dataclass
class MemoryWatchers:
    """WatcherStore."""

    rows: dict[str, Watcher] = field(default_factory=dict)
    enlisted: dict[str, str] = field(default_factory=dict)
    notes: dict[tuple[str, str], RoomNote] = field(default_factory=dict)
    channels: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The tenants of enlisted channels, and when those end."""

    def add(self, watcher: Watcher) -> None:
        self.rows[watcher.id] = watcher

    def get(self, watcher: str) -> Watcher | None:
        return self.rows.get(watcher)

    def remove(self, watcher: str) -> None:
        for name in [name for name in self.rows if name == watcher or name.startswith(f"{watcher}#")]:
            del self.rows[name]

    def unfollow(self, watcher: Watcher) -> None:
        self.rows.pop(f"{watcher.id}#{watcher.session}", None)

    def following(self, tenant: str, session_id: str) -> Sequence[Watcher]:
        return [w for w in self.rows.values() if w.session and (w.tenant, w.session) == (tenant, session_id)]

    def count_of_session(self, tenant: str, session_id: str, *, now: int) -> int:
        return sum(watcher.expires_at > now for watcher in self.following(tenant, session_id))

    def count_of_tenant(self, tenant: str, *, now: int) -> int:
        mine = [w.expires_at for name, w in self.rows.items() if w.tenant == tenant and name == w.id]
        return sum(ends > now for ends in (*mine, *(ends for whose, ends in self.channels.values() if whose == tenant)))

    def room(self, tenant: str, session_id: str) -> Room:
        return Room(self.following(tenant, session_id), self.notes.get((tenant, session_id), NOTHING_NOTED))

    def note(self, tenant: str, session_id: str, note: RoomNote) -> None:
        self.notes[tenant, session_id] = note

    def of(self, principal: str) -> Sequence[str]:
        channels = [sid for sid, whose in self.enlisted.items() if whose == principal]
        return [*(name for name, w in self.rows.items() if w.principal == principal and name == w.id), *channels]


@dataclass
class MemorySubscriptions:
    """SubscriptionStore, among the watchers' rows."""

    watchers: MemoryWatchers
    word: set[str] = field(default_factory=set)

    def put(self, subscription: Subscription) -> None:
        self.watchers.rows[f"{subscription.id}#{subscription.session}"] = subscription

    def remove(self, watcher: str, tenant: str, session_id: str) -> None:
        self.watchers.rows.pop(f"{watcher}#{session_id}", None)

    def sessions(self, watcher: str) -> Sequence[str]:
        return [name.partition("#")[2] for name in self.watchers.rows if name.startswith(f"{watcher}#")]

    def claim(self, watcher: str, tenant: str, session_id: str, *, now: int) -> Subscription | None:
        name = f"{watcher}#{session_id}"
        stands = self.watchers.rows.get(name)
        if not isinstance(stands, Subscription):
            return None
        if stands.busy_until >= now:
            first = name not in self.word
            self.word.add(name)
            raise Busy(first=first)
        self.word.discard(name)
        claimed = replace(stands, busy_until=now + DRAINING)
        self.watchers.rows[name] = claimed
        return claimed

    def progress(self, subscription: Subscription) -> bool:
        return self._write(subscription)

    def advance(self, subscription: Subscription, sent: str) -> bool:
        if self.watchers.rows.get(f"{subscription.id}#{subscription.session}") != subscription:
            return False
        return self._write(replace(subscription, sent=sent))

    def give_back(self, subscription: Subscription) -> bool:
        name = f"{subscription.id}#{subscription.session}"
        if name in self.word and self._write(subscription):
            self.word.discard(name)
            return False
        self._write(subscription, busy_until=0)
        return True

    def _write(self, subscription: Subscription, **changes: Any) -> bool:
        name = f"{subscription.id}#{subscription.session}"
        stands = self.watchers.rows.get(name)
        mine = isinstance(stands, Subscription) and (stands.busy_until, stands.uid) == (
            subscription.busy_until,
            subscription.uid,
        )
        if mine:
            self.watchers.rows[name] = replace(subscription, **changes)
        return mine


@dataclass
class FakePushes:
    """Pushes."""

    jobs: list[PushJob] = field(default_factory=list)

    def put(self, job: PushJob) -> None:
        self.jobs.append(job)


@dataclass
class FakeSockets:
    """Sockets."""

    gone: set[str] = field(default_factory=set)
    sent: list[tuple[str, str]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def post(self, watcher: str, text: str) -> None:
        if watcher in self.gone:
            raise Gone(watcher)
        self.sent.append((watcher, text))

    def close(self, watcher: str) -> None:
        self.closed.append(watcher)
