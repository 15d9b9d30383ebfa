"""The table on disk: its rows and what of its stream isn't read yet, journaled change by change, put back at start."""

import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from moto.dynamodb.models.table import Table

from infra.local.journal import Journaled
from infra.local.shard import Key, Past, Record, read_record
from infra.local.state import State

FILE: Final = "table.json"
"""The snapshot of the rows, a list of items; what changed since is in the journal."""
STREAM_FILE: Final = "stream.json"
NAME: Final = "table"

log = logging.getLogger(__name__)


class Rows(Journaled):
    """A copy of the table, kept as the stream tells it."""

    def __init__(self, state: State) -> None:
        super().__init__(state, NAME)
        self._texts: dict[Key, str] = {}
        self._past = Past()

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

    def _snapshot(self) -> Mapping[str, str]:
        return {FILE: "[" + ",\n".join(self._texts.values()) + "]", STREAM_FILE: self._past.text()}

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
