"""Watchers, and the way to them."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.domain.push import PushJob
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

    def count_of_session(self, tenant: str, session_id: str, *, now: int) -> int:
        """Return how many follow that session whose time isn't up, read consistently."""

    def count_of_tenant(self, tenant: str, *, now: int) -> int:
        """Return how many watchers the tenant has whose time isn't up, read consistently."""

    def apart_until(self, tenant: str, session_id: str) -> int:
        """Return until when the session's events are told by the queue; 0 if they never were."""

    def keep_apart(self, tenant: str, session_id: str, *, until: int) -> None:
        """Note that they are."""

    def of(self, principal: str) -> Sequence[str]:
        """Return the ids of the principal's watchers, read consistently."""


class Pushes(Protocol):
    """The queue of what large sessions' watchers are told: one session's in order, many sessions' side by side."""

    def put(self, job: PushJob) -> None:
        """Have the watchers told; the same job twice within minutes is told once."""


class Gone(Exception):
    """The watcher's connection isn't there (410)."""


class Sockets(Protocol):
    """API Gateway's ``@connections``."""

    def post(self, watcher: str, text: str) -> None:
        """Send one text frame; raises Gone."""

    def close(self, watcher: str) -> None:
        """Close the connection; one that is gone is no error."""
