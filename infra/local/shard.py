"""The table's stream: ordered records, readers that wait, and no record kept that every reader is done with.

It takes the place of moto's shard, which keeps all records for ever and numbers them by how many it holds.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Final

from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import StreamShard, Table

type_of: Final = {(False, True): "INSERT", (True, True): "MODIFY", (True, False): "REMOVE"}
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """One change of one item. ``body`` is the JSON that a Lambda function gets, ``new`` the new image's, or None."""

    sequence: int
    created: int
    key: Key
    new: str | None
    body: str


@dataclass(eq=False, slots=True)
class Reader:
    """One consumer's place in the stream."""

    shard: "LocalShard"
    wake: Callable[[], None]
    position: int

    def read(self, limit: int) -> list[Record]:
        """Return up to ``limit`` records from this reader's place on, oldest first; the place stays."""
        return self.shard.after(self.position, limit)

    def done(self, sequence: int) -> None:
        """Move behind ``sequence``; what all readers are behind is forgotten."""
        self.position = sequence + 1
        self.shard.trim()


@dataclass(slots=True)
class _Change:
    old: Item | None
    new: Item | None
    before: dict[str, Any] = field(default_factory=dict)


class LocalShard(StreamShard):
    """A shard that tells its listeners of each record at once, in the writer's thread and in order."""

    def __init__(self, account_id: str, table: Table, listeners: tuple[Callable[[Record], None], ...] = ()) -> None:
        super().__init__(account_id, table)
        self.records: list[Record] = []
        self._lock = RLock()
        self._readers: list[Reader] = []
        self._listeners = listeners
        self._changes: dict[Key, _Change] | None = None

    @property
    def arn(self) -> str:
        """The stream's ARN, with its label."""
        return f"{self.table.table_arn}/stream/{self.table.latest_stream_label}"

    def reader(self, wake: Callable[[], None]) -> Reader:
        """Return a new reader at the oldest record; ``wake`` is called, in any thread, when there is more."""
        with self._lock:
            reader = Reader(self, wake, self.starting_sequence_number)
            self._readers.append(reader)
        return reader

    @contextmanager
    def one_request(self) -> Iterator[None]:
        """Make one record an item of all that one request does to it, and none where nothing changed.

        That is DynamoDB's way; moto writes two records for an UpdateItem that creates, and one for a put that
        changes nothing.
        """
        with self._lock:
            self._changes = {}
            try:
                yield
            finally:
                changes, self._changes = self._changes, None
                for key, change in changes.items():
                    self._append(key, change)

    def add(self, old: Item | None, new: Item | None) -> None:
        """Take a change from moto's table. ``new`` may be the stored item itself, to be changed further."""
        one = old or new
        if one is None:
            return
        with self._lock:
            key = (one.hash_key.value, one.range_key.value if one.range_key else "")
            if self._changes is None:
                self._append(key, _Change(old, new, _attributes(old)))
            elif key in self._changes:
                self._changes[key].new = new
            else:
                self._changes[key] = _Change(old, new, _attributes(old))

    def after(self, position: int, limit: int) -> list[Record]:
        """Return up to ``limit`` records from sequence number ``position`` on."""
        with self._lock:
            start = max(0, position - self.starting_sequence_number)
            return self.records[start : start + limit]

    def trim(self) -> None:
        """Forget what every reader is done with."""
        with self._lock:
            behind = min((reader.position for reader in self._readers), default=self.starting_sequence_number)
            count = min(behind - self.starting_sequence_number, len(self.records))
            del self.records[:count]
            self.starting_sequence_number += count

    def _append(self, key: Key, change: _Change) -> None:
        after = _attributes(change.new)
        if change.before == after:
            return
        sequence = self.starting_sequence_number + len(self.records)
        created = time.time_ns() // 1_000_000
        body = self._body(sequence, created, change, after)
        record = Record(sequence, created, key, _json(after) if change.new else None, _json(body))
        self.records.append(record)
        for listener in self._listeners:
            listener(record)
        for reader in self._readers:
            reader.wake()

    def _body(self, sequence: int, created: int, change: _Change, after: dict[str, Any]) -> dict[str, Any]:
        keys = (self.table.hash_key_attr, self.table.range_key_attr)
        inside: dict[str, Any] = {
            "ApproximateCreationDateTime": created // 1000,
            "Keys": {name: (after or change.before)[name] for name in keys if name},
            "SequenceNumber": str(sequence),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        if change.new is not None:
            inside["NewImage"] = after
        if change.old is not None:
            inside["OldImage"] = change.before
        inside["SizeBytes"] = len(_json(inside))
        return {
            "eventID": f"{sequence:032x}",
            "eventName": type_of[change.old is not None, change.new is not None],
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.table.region_name,
            "dynamodb": inside,
            "eventSourceARN": self.arn,
        }


def _attributes(item: Item | None) -> dict[str, Any]:
    return dict(item.to_json()["Attributes"]) if item is not None else {}


def _json(value: object) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: object) -> object:
    """Turn what moto leaves in nested values into DynamoDB's JSON."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else sorted(value)  # type: ignore[call-overload]
