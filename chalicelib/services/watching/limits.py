"""How many may watch: each is told everything, which takes time of the session's events and money of the tenant's."""

from dataclasses import dataclass

from chalicelib.domain.errors import TooManyWatchers
from chalicelib.services.ports import Clock, WatcherStore


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
