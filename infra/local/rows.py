"""The table's rows on disk: put back at start, followed while the stack runs, saved at most once a second."""

import asyncio
import json
import time
from threading import Lock
from typing import Final

from moto.dynamodb.models.table import Table

from infra.local.shard import Key, Record
from infra.local.state import State

FILE: Final = "table.json"
PAUSE_S: Final = 1.0


class Rows:
    """A copy of the table, kept as the stream tells it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = Lock()
        self._texts: dict[Key, str] = {}
        self._changed = False

    def restore(self, table: Table, ttl: str = "ttl") -> int:
        """Put the saved rows into ``table``, which has no shard that would make events of them; return how many.

        Rows whose time to live is over are left out: moto doesn't delete them.
        """
        now = time.time()
        for row in self._state.read(FILE, []):
            if float(row.get(ttl, {}).get("N", now + 1)) <= now:
                continue
            item = table.put_item(row)
            key = (item.hash_key.value, item.range_key.value if item.range_key else "")
            self._texts[key] = json.dumps(row)
        return len(self._texts)

    def follow(self, record: Record) -> None:
        """Take one change over, in the writer's thread."""
        with self._lock:
            self._changed = True
            if record.new is None:
                self._texts.pop(record.key, None)
            else:
                self._texts[record.key] = record.new

    def save(self) -> None:
        """Write the rows if they changed since the last time."""
        with self._lock:
            if not self._changed:
                return
            text = "[" + ",\n".join(self._texts.values()) + "]"
            self._changed = False
        self._state.write_text(FILE, text)

    async def run(self) -> None:
        """Save now and then until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_S)
            await asyncio.to_thread(self.save)
