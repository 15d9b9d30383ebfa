"""Watchers, and the way to them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from chalicelib.domain.watcher import Watcher


class WatcherStore(Protocol):
    """Watchers and what they follow."""

    def add(self, watcher: Watcher) -> None:
        """Store the watcher and its subscription."""

    def get(self, watcher: str) -> Watcher | None:
        """Return it, read consistently."""

    def remove(self, watcher: str) -> None:
        """Forget the watcher and its subscription; one that is gone is no error."""

    def unfollow(self, watcher: Watcher) -> None:
        """Forget the subscription alone; one that is gone is no error."""

    def following(self, tenant: str, session_id: str) -> Sequence[Watcher]:
        """Return all who follow that session, read consistently."""

    def ends_of_session(self, tenant: str, session_id: str) -> Iterable[int]:
        """Give the ``expires_at`` of each who follows that session, read consistently and as far as it is asked for."""

    def ends_of_tenant(self, tenant: str) -> Iterable[int]:
        """Give the ``expires_at`` of each of the tenant's watchers, in the same way."""

    def of(self, principal: str) -> Sequence[str]:
        """Return the ids of the principal's watchers, read consistently."""


class Gone(Exception):
    """The watcher's connection isn't there (410)."""


class Sockets(Protocol):
    """API Gateway's ``@connections``."""

    def post(self, watcher: str, text: str) -> None:
        """Send one text frame; raises Gone."""

    def close(self, watcher: str) -> None:
        """Close the connection; one that is gone is no error."""
