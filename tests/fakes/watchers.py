"""Watchers in memory, and sockets that note what is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.domain.watchers import PushJob, Watcher
from chalicelib.services.ports import Gone


@dataclass
class MemoryWatchers:
    """WatcherStore."""

    rows: dict[str, Watcher] = field(default_factory=dict)
    enlisted: dict[str, str] = field(default_factory=dict)
    apart: dict[tuple[str, str], int] = field(default_factory=dict)
    channels: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The tenants of enlisted channels, and when those end."""

    def add(self, watcher: Watcher) -> None:
        self.rows[watcher.id] = watcher

    def get(self, watcher: str) -> Watcher | None:
        return self.rows.get(watcher)

    def remove(self, watcher: str) -> None:
        self.rows.pop(watcher, None)

    def unfollow(self, watcher: Watcher) -> None:
        self.rows.pop(f"{watcher.id}#{watcher.session}", None)

    def following(self, tenant: str, session_id: str) -> Sequence[Watcher]:
        return [w for w in self.rows.values() if (w.tenant, w.session) == (tenant, session_id)]

    def count_of_session(self, tenant: str, session_id: str, *, now: int) -> int:
        return sum(watcher.expires_at > now for watcher in self.following(tenant, session_id))

    def count_of_tenant(self, tenant: str, *, now: int) -> int:
        mine = [w.expires_at for name, w in self.rows.items() if w.tenant == tenant and name == w.id]
        return sum(ends > now for ends in (*mine, *(ends for whose, ends in self.channels.values() if whose == tenant)))

    def apart_until(self, tenant: str, session_id: str) -> int:
        return self.apart.get((tenant, session_id), 0)

    def keep_apart(self, tenant: str, session_id: str, *, until: int) -> None:
        self.apart[tenant, session_id] = until

    def of(self, principal: str) -> Sequence[str]:
        channels = [sid for sid, whose in self.enlisted.items() if whose == principal]
        return [*(name for name, w in self.rows.items() if w.principal == principal and name == w.id), *channels]


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
