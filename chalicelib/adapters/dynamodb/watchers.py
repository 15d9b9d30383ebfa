"""Watchers in the table: each by its connection id, and once more beside the others that follow the same session."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.domain.watcher import LIFETIME, Watcher


@dataclass(frozen=True, slots=True)
class DynamoWatchers:
    """The WatcherStore port."""

    table: Table

    def add(self, watcher: Watcher) -> None:
        """Write the watcher, then the subscription: a fan-out that finds the second can rely on the first."""
        fields: dict[str, Any] = msgspec.to_builtins(watcher)
        kept = {"v": 1, "ttl": (watcher.connected_at + 2 * LIFETIME) // 1000, **fields}
        self.table.put({"pk": f"W#{watcher.id}", "sk": "WATCHER", **kept})
        self.table.put({"pk": _room(watcher.tenant, watcher.session), "sk": f"W#{watcher.id}", **kept})

    def get(self, watcher: str) -> Watcher | None:
        """Read it."""
        item = self.table.get(f"W#{watcher}", "WATCHER")
        return msgspec.convert(item, Watcher) if item else None

    def remove(self, watcher: str) -> None:
        """Remove the subscription, then the watcher, which says where the subscription is."""
        known = self.get(watcher)
        if known:
            self.table.delete(_room(known.tenant, known.session), f"W#{watcher}")
            self.table.delete(f"W#{watcher}", "WATCHER")

    def following(self, tenant: str, session_id: str) -> Sequence[Watcher]:
        """Read the subscriptions to that session."""
        where = Condition("pk = :pk", {":pk": _room(tenant, session_id)})
        return [msgspec.convert(item, Watcher) for item in self.table.query(where)]


def _room(tenant: str, session_id: str) -> str:
    return f"R#{tenant}#{session_id}"
