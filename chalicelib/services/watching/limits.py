"""How many may watch, which plain watchers, subscriptions and Socket.IO's rooms all ask."""

from msgspec import Struct

from chalicelib.domain.errors import TooManyWatchers
from chalicelib.domain.invitations import MOST_WATCHING
from chalicelib.domain.watchers import ALL
from chalicelib.services.ports import Clock, WatcherStore


class WatcherLimits(Struct, frozen=True):
    """Limits on the watchers of a session and of a tenant. A watcher of several sessions counts once for its tenant.

    A watcher is written before the watchers are counted, so of several that compete for the last place each counts the
    others: the limit is never exceeded, though all of them may be refused.
    """

    watchers: WatcherStore
    clock: Clock
    per_session: int
    per_tenant: int

    def of_tenant(self, tenant: str) -> None:
        """Raise TooManyWatchers if the tenant has more watchers than it may."""
        if self.watchers.count_of_tenant(tenant, now=self.clock()) > self.per_tenant:
            raise TooManyWatchers(
                f"{self.per_tenant} clients are watching this tenant's sessions, and more may not.",
                hint="Close some of the connections.",
                retry_after=60,
            )

    def of_holders(self, tenant: str, session_id: str) -> None:
        """Raise TooManyWatchers if more phones' holders follow the session than may, by whatever invitations."""
        if sum(1 for one in self.watchers.following(tenant, session_id) if one.linking) > MOST_WATCHING:
            raise TooManyWatchers(
                "This link is open in too many places.", hint="Close it in some of them.", retry_after=60
            )

    def of_session(self, tenant: str, session_id: str) -> None:
        """Raise TooManyWatchers if the session, or ``ALL`` of them, has more watchers than it may."""
        if self.watchers.count_of_session(tenant, session_id, now=self.clock()) > self.per_session:
            what = "all of this tenant's sessions" if session_id == ALL else "this session"
            raise TooManyWatchers(
                f"{self.per_session} clients are watching {what}, and more may not.",
                hint="Close some of the connections.",
                retry_after=60,
            )
