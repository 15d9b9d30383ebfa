"""The table on disk: its rows and what of its stream isn't read yet, journaled change by change, put back at start."""

import asyncio
import json
import logging
import time
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any, Final

from moto.dynamodb.models.table import Table

from infra.local.journal import Journal
from infra.local.shard import Key, Past, Record, read_record
from infra.local.state import State

FILE: Final = "table.json"
"""The snapshot of the rows, a list of items; what changed since is in the journal."""
STREAM_FILE: Final = "stream.json"
NAME: Final = "table"
PAUSE_S: Final = 1.0
LONGEST: Final = 8 * 1024 * 1024
"""Bytes of a journal after which a snapshot takes its place; one as large as the snapshot itself may be longer."""

log = logging.getLogger(__name__)


class Rows:
    """A copy of the table, kept as the stream tells it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._journal = Journal(state.directory, NAME)
        self._lock = Lock()
        self._texts: dict[Key, str] = {}
        self._past = Past()
        self._snapshot_size = 0
        self._changed = False

    def restore(self, table: Table, ttl: str = "ttl") -> int:
        """Put the rows into ``table``, which has no shard that would make events of them; return how many.

        Rows whose time to live is over are left out: moto doesn't delete them.
        """
        for row in self._state.read(FILE, []):
            self._texts[_key(table, row)] = json.dumps(row)
        self._past = Past.read(self._state.read(STREAM_FILE, {}))
        for line in self._journal.replay():
            self._changed = True
            if isinstance(line, dict):
                self._past.positions |= line["done"]
            else:
                self._take([read_record(body) for body in line])
        now = time.time()
        for key, text in list(self._texts.items()):
            row = json.loads(text)
            if float(row.get(ttl, {}).get("N", now + 1)) <= now:
                del self._texts[key]
            else:
                table.put_item(row)
        return len(self._texts)

    @property
    def past(self) -> Past:
        """What the stream held when the table was last written, for the shard that carries it on."""
        return self._past

    def follow(self, records: Sequence[Record]) -> None:
        """Take over all that one request changed, in the writer's thread; raises OSError if the disk is full."""
        line = f"[{','.join(record.body for record in records)}]"
        with self._lock:
            self._journal.append(line)
            self._take(records)

    def progressed(self, reader: str, position: int) -> None:
        """Take over where a reader of the stream is now; if the disk doesn't take it, a restart reads from before."""
        with self._lock:
            self._changed = True
            self._past.moved(reader, position)
            try:
                self._journal.append(json.dumps({"done": {reader: position}}))
            except OSError:
                log.exception("the place of %s is not on disk", reader)

    def save(self) -> None:
        """Write a snapshot, if there was a change since the last one, and begin the journal anew."""
        with self._lock:
            if not self._changed:
                return
            number = self._journal.rotate()
            text = "[" + ",\n".join(self._texts.values()) + "]"
            stream = self._past.text()
            self._changed = False
        self._state.write_text(FILE, text, synced=True)
        self._state.write_text(STREAM_FILE, stream, synced=True)
        self._snapshot_size = len(text) + len(stream)
        self._journal.drop(number)

    def close(self) -> None:
        """Write a last snapshot."""
        self.save()
        self._journal.close()

    async def run(self) -> None:
        """Keep the journal short and, against a loss of power, on the disk, until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_S)
            await asyncio.to_thread(self._keep)

    def _keep(self) -> None:
        self._journal.sync()
        if self._journal.size > max(LONGEST, self._snapshot_size):
            self.save()

    def _take(self, records: Iterable[Record]) -> None:
        self._changed = True
        for record in records:
            self._past.add(record)
            if record.new is None:
                self._texts.pop(record.key, None)
            else:
                self._texts[record.key] = record.new


def _key(table: Table, row: dict[str, Any]) -> Key:
    names = (table.hash_key_attr, table.range_key_attr)
    hash_key, range_key = (next(iter(row[name].values())) if name else "" for name in names)
    return hash_key, range_key
