"""The due index: what has to be looked at, by the minute it is due in, over a few shards so that none runs hot."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32

from chalicelib.adapters.dynamodb.table import Condition, Table

SHARDS: Final = 8
AT_ONCE: Final = 50
"""Sessions a shard and sweep; the next sweep goes on where this one's work has made room."""


DUE: Final = frozenset({"due_shard", "due_at"})
"""The index's attributes."""


def due(uid: str, at: int | None) -> dict[str, Any]:
    """Return the index attributes of an item of ``uid`` that is due at ``at``; none if it never is.

    The minute is rounded up, so nothing is found before it is due, and a lease's renewals seldom change it.
    """
    if at is None:
        return {}
    return {"due_shard": f"due#{crc32(uid.encode()) % SHARDS}", "due_at": _minute(at + 59_999)}


@dataclass(frozen=True, slots=True)
class DynamoDueIndex:
    """The DueIndex port."""

    table: Table

    def later(self, now: int) -> list[str]:
        """Return the uids of what comes after this minute, all of them: the keys alone, some hundred bytes each."""
        uids: dict[str, None] = {}
        for shard in range(SHARDS):
            where = Condition("due_shard = :shard AND due_at > :now", {":shard": f"due#{shard}", ":now": _minute(now)})
            for item in self.table.query(where, index="due", keys_only=True):
                uids[item["pk"].removeprefix("S#")] = None
        return list(uids)

    def due(self, now: int) -> list[str]:
        """Return the uids that something is due for, each once."""
        uids: dict[str, None] = {}
        for shard in range(SHARDS):
            where = Condition("due_shard = :shard AND due_at <= :now", {":shard": f"due#{shard}", ":now": _minute(now)})
            for item in self.table.query(where, limit=AT_ONCE, index="due", keys_only=True):
                uids[item["pk"].removeprefix("S#")] = None
        return list(uids)


def _minute(at: int) -> str:
    return datetime.fromtimestamp(at // 60_000 * 60, UTC).strftime("%Y-%m-%dT%H:%M")
