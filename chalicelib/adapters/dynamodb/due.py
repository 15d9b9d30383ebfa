"""The due index: what has to be looked at, by the minute it is due in, over a few shards so that none runs hot."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32

from chalicelib.adapters.dynamodb.table import Condition, Table

SHARDS: Final = 8
AT_ONCE: Final = 50
"""Sessions a shard and sweep; the next sweep goes on where this one's work has made room."""


SESSIONS: Final = "due"
UNSENT: Final = "unsent"
"""What the shards are named by: messages have their own, so that however many are due, no session waits for them."""
MESSAGES_AT_ONCE: Final = 200
"""Messages a shard and sweep."""

DUE: Final = frozenset({"due_shard", "due_at"})
"""The index's attributes."""


def due(uid: str, at: int | None, *, of: str = SESSIONS) -> dict[str, Any]:
    """Return the index attributes of an item of ``uid`` that is due at ``at``; none if it never is.

    The minute is rounded up, so nothing is found before it is due, and a lease's renewals seldom change it.
    """
    if at is None:
        return {}
    return {"due_shard": f"{of}#{crc32(uid.encode()) % SHARDS}", "due_at": _minute(at + 59_999)}


@dataclass(frozen=True, slots=True)
class DynamoDueIndex:
    """The DueIndex and UnsentIndex ports."""

    table: Table

    def later(self, now: int) -> list[str]:
        """Return the uids of what comes after this minute, all of them: the keys alone, some hundred bytes each."""
        return list(dict.fromkeys(uid for uid, _ in self._keys(SESSIONS, "due_at > :now", now)))

    def due(self, now: int) -> list[str]:
        """Return the uids that something is due for, each once."""
        return list(dict.fromkeys(uid for uid, _ in self._keys(SESSIONS, "due_at <= :now", now, limit=AT_ONCE)))

    def unsent(self, now: int) -> list[tuple[str, str]]:
        """Return the messages that are due, those that have waited longest first in each shard."""
        found = self._keys(UNSENT, "due_at <= :now", now, limit=MESSAGES_AT_ONCE)
        return [(uid, name.removeprefix("M#")) for uid, name in found]

    def _keys(self, of: str, when: str, now: int, *, limit: int | None = None) -> Iterator[tuple[str, str]]:
        """Yield the uids and sort keys of all shards, up to ``limit`` of each."""
        for shard in range(SHARDS):
            where = Condition(f"due_shard = :shard AND {when}", {":shard": f"{of}#{shard}", ":now": _minute(now)})
            for item in self.table.query(where, limit=limit, index="due", keys_only=True):
                yield item["pk"].removeprefix("S#"), item["sk"]


def _minute(at: int) -> str:
    return datetime.fromtimestamp(at // 60_000 * 60, UTC).strftime("%Y-%m-%dT%H:%M")
