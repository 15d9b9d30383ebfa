"""Watchers in the table: each by its connection id, and once more beside the others that follow the same session."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.watcher import LIFETIME, Watcher
from chalicelib.reading import Reader

_WATCHER: Final = Reader(Watcher)


@dataclass(frozen=True, slots=True)
class DynamoWatchers:
    """The WatcherStore port."""

    table: Table

    def add(self, watcher: Watcher) -> None:
        """Write the watcher, then the subscription: a fan-out that finds the second can rely on the first.

        Its places on its principal's and its tenant's lists come in between: nobody is told anything whom its
        principal's end can't find.
        """
        fields: dict[str, Any] = msgspec.to_builtins(watcher)
        kept = {"ttl": (watcher.connected_at + 2 * LIFETIME) // 1000, **fields}
        self.table.put({"pk": f"W#{watcher.id}", "sk": "WATCHER", **kept})
        for place in places(watcher.tenant, watcher.principal):
            self.table.put(listed(place, watcher.id, watcher.connected_at, watcher.expires_at))
        self.table.put({"pk": _room(watcher.tenant, watcher.session), "sk": f"W#{watcher.id}", **kept})

    def get(self, watcher: str) -> Watcher | None:
        """Read it."""
        item = self.table.get(f"W#{watcher}", "WATCHER")
        return _WATCHER.plain(item) if item else None

    def remove(self, watcher: str) -> None:
        """Remove the subscription and the places on the lists, then the watcher, which says where they are."""
        known = self.get(watcher)
        if known:
            self.unfollow(known)
            for place in places(known.tenant, known.principal):
                self.table.delete(place, f"W#{watcher}")
            self.table.delete(f"W#{watcher}", "WATCHER")

    def unfollow(self, watcher: Watcher) -> None:
        """Remove the subscription."""
        self.table.delete(_room(watcher.tenant, watcher.session), f"W#{watcher.id}")

    def following(self, tenant: str, session_id: str) -> Sequence[Watcher]:
        """Read the subscriptions to that session."""
        where = Condition("pk = :pk", {":pk": _room(tenant, session_id)})
        return [_WATCHER.plain(item) for item in self.table.query(where)]

    def count_of_session(self, tenant: str, session_id: str, *, now: int) -> int:
        """Count the subscriptions to that session."""
        return self._count(_room(tenant, session_id), now)

    def count_of_tenant(self, tenant: str, *, now: int) -> int:
        """Count the tenant's list."""
        return self._count(f"TW#{tenant}", now)

    def _count(self, pk: str, now: int) -> int:
        # Time to live removes an item up to days after its end.
        return self.table.count(Condition("pk = :pk", {":pk": pk}), Condition("expires_at > :now", {":now": now}))

    def apart_until(self, tenant: str, session_id: str) -> int:
        """Read it."""
        item = self.table.get(f"RA#{tenant}#{session_id}", "APART")
        return int(item["until"]) if item else 0

    def keep_apart(self, tenant: str, session_id: str, *, until: int) -> None:
        """Write it, not among the subscriptions: what reads those knows nothing else there."""
        item = {"pk": f"RA#{tenant}#{session_id}", "sk": "APART", "until": until, "ttl": until // 1000}
        self.table.put(item)

    def of(self, principal: str) -> Sequence[str]:
        """Read the principal's list."""
        where = Condition("pk = :pk", {":pk": f"P#{principal}"})
        return [item["sk"].removeprefix("W#") for item in self.table.query(where, keys_only=True)]


def places(tenant: str, principal: str) -> tuple[str, str]:
    """Return where a watcher or a channel is listed: with its principal's, and with its tenant's to be counted."""
    return f"P#{principal}", f"TW#{tenant}"


def listed(place: str, watcher: str, connected_at: int, expires_at: int) -> Item:
    """Return the item of one place on a list; it outlives the longest connection."""
    ttl = (connected_at + 2 * LIFETIME) // 1000
    return {"pk": place, "sk": f"W#{watcher}", "expires_at": expires_at, "ttl": ttl}


def _room(tenant: str, session_id: str) -> str:
    return f"R#{tenant}#{session_id}"
