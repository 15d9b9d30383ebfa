"""Watchers in the table: each by its connection id, and once more beside the others that follow the same session."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.domain.watcher import LIFETIME, Watcher
from chalicelib.reading import Reader

_WATCHER: Final = Reader(Watcher)


@dataclass(frozen=True, slots=True)
class DynamoWatchers:
    """The WatcherStore port."""

    table: Table

    def add(self, watcher: Watcher) -> None:
        """Write the watcher, then the subscription: a fan-out that finds the second can rely on the first.

        Its place on its principal's list comes in between: nobody is told anything whom its principal's end can't find.
        """
        fields: dict[str, Any] = msgspec.to_builtins(watcher)
        kept = {"ttl": (watcher.connected_at + 2 * LIFETIME) // 1000, **fields}
        self.table.put({"pk": f"W#{watcher.id}", "sk": "WATCHER", **kept})
        place = {"pk": f"P#{watcher.principal}", "sk": f"W#{watcher.id}", "ttl": kept["ttl"]}
        self.table.put(place)
        self.table.put({"pk": _room(watcher.tenant, watcher.session), "sk": f"W#{watcher.id}", **kept})

    def get(self, watcher: str) -> Watcher | None:
        """Read it."""
        item = self.table.get(f"W#{watcher}", "WATCHER")
        return _WATCHER.plain(item) if item else None

    def remove(self, watcher: str) -> None:
        """Remove the subscription and the place on the list, then the watcher, which says where they are."""
        known = self.get(watcher)
        if known:
            self.table.delete(_room(known.tenant, known.session), f"W#{watcher}")
            self.table.delete(f"P#{known.principal}", f"W#{watcher}")
            self.table.delete(f"W#{watcher}", "WATCHER")

    def following(self, tenant: str, session_id: str) -> Sequence[Watcher]:
        """Read the subscriptions to that session."""
        where = Condition("pk = :pk", {":pk": _room(tenant, session_id)})
        return [_WATCHER.plain(item) for item in self.table.query(where)]

    def of(self, principal: str) -> Sequence[str]:
        """Read the principal's list."""
        where = Condition("pk = :pk", {":pk": f"P#{principal}"})
        return [item["sk"].removeprefix("W#") for item in self.table.query(where, keys_only=True)]


def _room(tenant: str, session_id: str) -> str:
    return f"R#{tenant}#{session_id}"
