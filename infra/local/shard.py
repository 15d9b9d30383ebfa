"""The table's stream: ordered records, readers that wait, and no record kept that every reader is done with.

It replaces moto's shard, which keeps all records for ever and numbers them by how many it holds. It continues the shard
of the run before: its sequence numbers, and the records that not every reader had processed.
"""

import base64
import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
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


Listener = Callable[[Sequence[Record]], None]
"""Gets the records of all that one request changed, at once."""


def read_record(body: dict[str, Any]) -> Record:
    """Return the record whose ``body`` this is; it was created in the second that the body names."""
    inside = body["dynamodb"]
    hash_key, range_key, *_ = (*(next(iter(value.values())) for value in inside["Keys"].values()), "")
    new = inside.get("NewImage")
    created = inside["ApproximateCreationDateTime"] * 1000
    return Record(
        int(inside["SequenceNumber"]),
        created,
        (hash_key, range_key),
        _json(new) if new is not None else None,
        _json(body),
    )


@dataclass(slots=True)
class Past:
    """The part of a stream that outlives its process: records that not all have read, and each reader's place.

    ``following`` is the sequence number of the record to come, None in a stream that never had one.
    """

    records: deque[Record] = field(default_factory=deque)
    positions: dict[str, int] = field(default_factory=dict)
    following: int | None = None
    _moved: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Past":
        """Return the past that ``text`` returned as JSON; each field may be missing."""
        records = deque(read_record(body) for body in kept.get("records", []))
        return cls(records, dict(kept.get("positions", {})), kept.get("following"))

    def text(self) -> str:
        """Return the past as JSON."""
        positions = {name: self.positions[name] for name in self._moved} if self._moved else self.positions
        start = f'{{"following": {json.dumps(self.following)}, "positions": {json.dumps(positions)}, "records": ['
        return start + ",\n".join(record.body for record in self.records) + "]}"

    def add(self, record: Record) -> None:
        """Add a new record; a known one changes nothing."""
        if self.following is None or record.sequence >= self.following:
            self.records.append(record)
            self.following = record.sequence + 1

    def moved(self, reader: str, position: int) -> None:
        """Note a reader's place; records before all readers' places are forgotten."""
        self.positions[reader] = position
        self._moved.add(reader)
        behind = min(self.positions[name] for name in self._moved)
        while self.records and self.records[0].sequence < behind:
            self.records.popleft()


@dataclass(eq=False, slots=True)
class ShardReader:
    """One consumer's place in the stream, known by its name from one run to the next."""

    shard: "LocalShard"
    name: str
    wake: Callable[[], None]
    position: int

    def read(self, limit: int) -> list[Record]:
        """Return up to ``limit`` records from this reader's place on, oldest first; the place stays."""
        return self.shard.after(self.position, limit)

    def done(self, sequence: int, *, kept: bool = True) -> None:
        """Move the place behind ``sequence``; records that all readers are done with are forgotten.

        If nothing was done with the records, the place needn't be ``kept``: a later run may read them once more.
        """
        self.position = sequence + 1
        self.shard.moved(self, kept=kept)


Progressed = Callable[[str, int, bool], None]
"""Gets a reader's name, its new place, and whether a later run has to know it."""


def _nowhere(_reader: str, _position: int, _kept: bool) -> None:  # noqa: FBT001 - as Progressed has it
    """Note nothing."""


@dataclass(slots=True)
class _Change:
    old: Item | None
    new: Item | None
    before: dict[str, Any] = field(default_factory=dict)


class LocalShard(StreamShard):
    """A shard that tells its listeners of each request's records at once, in the writer's thread and in order.

    An exception of the first listener is raised to the writer, and no other listener gets the records. ``progressed``
    is called with each reader's name and place when the place moves.
    """

    def __init__(
        self,
        account_id: str,
        table: Table,
        listeners: tuple[Listener, ...] = (),
        past: Past | None = None,
        progressed: Progressed = _nowhere,
    ) -> None:
        super().__init__(account_id, table)
        past = past or Past()
        self.records: list[Record] = list(past.records)
        self.starting_sequence_number = (past.following or self.starting_sequence_number) - len(self.records)
        self._positions = dict(past.positions)
        self._progressed = progressed
        self._lock = RLock()
        self._readers: list[ShardReader] = []
        self._listeners = listeners
        self._changes: dict[Key, _Change] | None = None

    @property
    def arn(self) -> str:
        """The stream's ARN, with its label."""
        return f"{self.table.table_arn}/stream/{self.table.latest_stream_label}"

    def reader(self, name: str, wake: Callable[[], None]) -> ShardReader:
        """Return a reader at the place of the former reader of this name, else at the oldest record.

        ``wake`` is called, in any thread, when there is more.
        """
        with self._lock:
            start = max(self.starting_sequence_number, self._positions.get(name, 0))
            reader = ShardReader(self, name, wake, start)
            self._readers.append(reader)
            self._progressed(name, start, True)
        return reader

    @contextmanager
    def one_request(self) -> Iterator[None]:
        """Merge a request's changes into one record an item, and none where nothing changed.

        That is DynamoDB's way; moto writes two records for an UpdateItem that creates, and one for a put that
        changes nothing.
        """
        with self._lock:
            self._changes = {}
            try:
                yield
            finally:
                changes, self._changes = self._changes, None
                self._append(changes)

    def add(self, old: Item | None, new: Item | None) -> None:
        """Take a change from moto's table. ``new`` may be the stored item itself, to be changed further."""
        one = old or new
        if one is None:
            return
        with self._lock:
            key = (one.hash_key.value, one.range_key.value if one.range_key else "")
            if self._changes is None:
                self._append({key: _Change(old, new, _attributes(old))})
            elif key in self._changes:
                self._changes[key].new = new
            else:
                self._changes[key] = _Change(old, new, _attributes(old))

    def after(self, position: int, limit: int) -> list[Record]:
        """Return up to ``limit`` records from sequence number ``position`` on."""
        with self._lock:
            start = max(0, position - self.starting_sequence_number)
            return self.records[start : start + limit]

    def moved(self, reader: ShardReader, *, kept: bool) -> None:
        """Note that a reader is at another place, and forget what every reader is done with."""
        with self._lock:
            self._progressed(reader.name, reader.position, kept)
            behind = min((reader.position for reader in self._readers), default=self.starting_sequence_number)
            count = min(behind - self.starting_sequence_number, len(self.records))
            del self.records[:count]
            self.starting_sequence_number += count

    def _append(self, changes: Mapping[Key, _Change]) -> None:
        records: list[Record] = []
        for key, change in changes.items():
            after = _attributes(change.new)
            if change.before == after:
                continue
            sequence = self.starting_sequence_number + len(self.records) + len(records)
            created = time.time_ns() // 1_000_000
            new = _json(after) if change.new is not None else None
            records.append(Record(sequence, created, key, new, self._body(sequence, created, change, new)))
        if not records:
            return
        for listener in self._listeners:
            listener(records)
        self.records += records
        for reader in self._readers:
            reader.wake()

    def _body(self, sequence: int, created: int, change: _Change, new: str | None) -> str:
        """Return the record's JSON. ``new`` is in it as it is: large items would be written three times otherwise."""
        item: Any = change.new or change.old
        keys = {self.table.hash_key_attr: item.hash_key, self.table.range_key_attr: item.range_key}
        inside: dict[str, Any] = {
            "ApproximateCreationDateTime": created // 1000,
            "Keys": {name: value.to_json() for name, value in keys.items() if name},
            "SequenceNumber": str(sequence),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        images = [f'"NewImage": {new}'] if new is not None else []
        images += [f'"OldImage": {_json(change.before)}'] if change.old is not None else []
        written = ", ".join((_json(inside)[:-1], *images))
        outside = {
            "eventID": f"{sequence:032x}",
            "eventName": type_of[change.old is not None, change.new is not None],
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.table.region_name,
            "eventSourceARN": self.arn,
        }
        return f'{_json(outside)[:-1]}, "dynamodb": {written}, "SizeBytes": {len(written) + 1}}}}}'


def _attributes(item: Item | None) -> dict[str, Any]:
    return dict(item.to_json()["Attributes"]) if item is not None else {}


def _json(value: object) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: object) -> object:
    """Turn what moto leaves in nested values into DynamoDB's JSON."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else sorted(value)  # type: ignore[call-overload]
