"""The table and the queues on disk: journaled change by change, put back at start.

Queues outlive their consumers in the cloud, so they do here. Nobody who was handed a message lives on when the stack
ends, so what was in flight is there again at once, with the count of its receptions; what was delayed stays delayed.
"""

import base64
import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from moto.core.utils import unix_time
from moto.dynamodb.models.table import Table
from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends

from infra.local.aws import ACCOUNT, REGION, LocalAws
from infra.local.moto.sqs import followed_by
from infra.local.shard import Key, Past, Record, read_record
from infra.local.state import Journaled, LocalState

ROWS_FILE: Final = "table.json"
"""The snapshot of the rows, a list of items; what changed since is in the journal."""
STREAM_FILE: Final = "stream.json"
ROWS: Final = "table"

log = logging.getLogger(__name__)


class Rows(Journaled):
    """A copy of the table, kept as the stream tells it."""

    def __init__(self, state: LocalState) -> None:
        super().__init__(state, ROWS)
        self._texts: dict[Key, str] = {}
        self._past = Past()

    def restore(self, table: Table, ttl: str = "ttl") -> int:
        """Put the rows into ``table``, which has no shard that would make events of them; return how many.

        Rows whose time to live is over are left out: moto doesn't delete them.
        """
        for row in self._state.read(ROWS_FILE, []):
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
        """The stream's records of the run before, for the shard that continues it."""
        return self._past

    def follow(self, records: Sequence[Record]) -> None:
        """Journal all that one request changed, in the writer's thread; raises OSError if the disk is full."""
        line = f"[{','.join(record.body for record in records)}]"
        with self._lock:
            self._journal.append(line)
            self._take(records)

    def progressed(self, reader: str, position: int, kept: bool) -> None:  # noqa: FBT001 - as Progressed has it
        """Journal a reader's new place in the stream if it is to be ``kept``.

        If the disk is full, and where it isn't kept, a restart reads from an earlier place.
        """
        with self._lock:
            self._changed = True
            self._past.moved(reader, position)
            if not kept:
                return
            try:
                self._journal.append(json.dumps({"done": {reader: position}}))
            except OSError:
                log.exception("the place of %s is not on disk", reader)

    def _snapshot(self) -> Mapping[str, str]:
        return {ROWS_FILE: "[" + ",\n".join(self._texts.values()) + "]", STREAM_FILE: self._past.text()}

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


QUEUES_FILE: Final = "queues.json"
QUEUES: Final = "queues"
KEPT: Final = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)
"""The attributes that queues made by functions may have."""


class KeptQueues(Journaled):
    """A copy of all queues and messages, kept as they change.

    The template's queues have other names in each run: they are kept under their logical ids, and made by the template.
    """

    def __init__(self, state: LocalState) -> None:
        super().__init__(state, QUEUES)
        self._queues: dict[str, dict[str, Any]] = {}
        self._messages: dict[str, dict[str, Any]] = {}
        self._logical: dict[str, str] = {}

    @contextmanager
    def restored(self, aws: LocalAws) -> Iterator[None]:
        """Put everything back into the queues of ``aws``, and follow them for the block."""
        backend: SQSBackend = sqs_backends[ACCOUNT][REGION]
        templates = {name: aws.physical[name].rpartition("/")[2] for name in aws.template.of_type("AWS::SQS::Queue")}
        self._logical = {physical: name for name, physical in templates.items()}
        self._read()
        for name, made in self._queues.items():
            backend.create_queue(name, made["tags"], **made["attributes"])
        for kept in list(self._messages.values()):
            queue = backend.queues.get(templates.get(kept["queue"], kept["queue"]))
            if queue is None or _too_old(kept, queue):
                del self._messages[kept["id"]]
            else:
                queue.add_message(_message(kept))
        with followed_by(self):
            yield

    def made(self, queue: Queue) -> None:
        """Journal a queue that isn't the template's."""
        if queue.name not in self._logical:
            attributes = {name: value for name, value in queue.attributes.items() if name in KEPT}
            self._note({"made": {"name": queue.name, "attributes": attributes, "tags": queue.tags}})

    def gone(self, queue: str) -> None:
        """Forget a queue and its messages."""
        self._note({"gone": self._kept_name(queue)})

    def emptied(self, queue: str) -> None:
        """Forget a queue's messages."""
        self._note({"emptied": self._kept_name(queue)})

    def put(self, queue: str, message: Message) -> None:
        """Keep a message."""
        self._note({"put": _written(self._kept_name(queue), message)})

    def received(self, message: Message) -> None:
        """Keep how often a message was received, and when first."""
        count, first = message.approximate_receive_count, message.approximate_first_receive_timestamp
        self._note({"received": {"id": message.id, "count": count, "first": first}})

    def deleted(self, message: Message) -> None:
        """Forget a message."""
        self._note({"deleted": message.id})

    def _kept_name(self, queue: str) -> str:
        return self._logical.get(queue, queue)

    def _read(self) -> None:
        kept = self._state.read(QUEUES_FILE, {})
        self._queues = {one["name"]: one for one in kept.get("queues", [])}
        self._messages = {one["id"]: one for one in kept.get("messages", [])}
        for line in self._journal.replay():
            self._take(line)

    def _note(self, change: dict[str, Any]) -> None:
        with self._lock:
            self._journal.append(json.dumps(change))
            self._take(change)

    def _take(self, change: dict[str, Any]) -> None:
        self._changed = True
        ((kind, value),) = change.items()
        match kind:
            case "made":
                self._queues[value["name"]] = value
            case "gone":
                self._queues.pop(value, None)
                self._empty(value)
            case "emptied":
                self._empty(value)
            case "put":
                # Its place is the last one, also if it was in another queue before.
                self._messages.pop(value["id"], None)
                self._messages[value["id"]] = value
            case "received":
                if value["id"] in self._messages:
                    self._messages[value["id"]] |= {"count": value["count"], "first": value["first"]}
            case "deleted":
                self._messages.pop(value, None)

    def _empty(self, queue: str) -> None:
        for one in [one["id"] for one in self._messages.values() if one["queue"] == queue]:
            del self._messages[one]

    def _snapshot(self) -> Mapping[str, str]:
        kept = {"queues": list(self._queues.values()), "messages": list(self._messages.values())}
        return {QUEUES_FILE: json.dumps(kept)}


def _written(queue: str, message: Message) -> dict[str, Any]:
    return {
        "queue": queue,
        "id": message.id,
        "body": message.body,
        "attributes": {name: _plain(value) for name, value in message.message_attributes.items()},
        "system": message.system_attributes,
        "sent": message.sent_timestamp,
        "delayed_until": message.delayed_until,
        "count": message.approximate_receive_count,
        "first": message.approximate_first_receive_timestamp,
        "group": message.group_id,
        "deduplication": message.deduplication_id,
        "sequence": message.sequence_number,
    }


def _message(kept: dict[str, Any]) -> Message:
    message = Message(kept["id"], kept["body"], kept["system"])
    message.message_attributes = {name: _raw(value) for name, value in kept["attributes"].items()}
    message.sent_timestamp = kept["sent"]
    message.delayed_until = kept["delayed_until"]
    message.approximate_receive_count = kept["count"]
    message.approximate_first_receive_timestamp = kept["first"]
    message.group_id = kept.get("group")
    message.deduplication_id = kept.get("deduplication")
    message.sequence_number = kept.get("sequence")
    return message


def _too_old(kept: dict[str, Any], queue: Queue) -> bool:
    return bool(kept["sent"] / 1000 + queue.message_retention_period < unix_time())  # type: ignore[attr-defined]


def _plain(attribute: dict[str, Any]) -> dict[str, Any]:
    value = attribute.get("BinaryValue")
    return attribute | {"BinaryValue": base64.b64encode(value).decode()} if isinstance(value, bytes) else attribute


def _raw(attribute: dict[str, Any]) -> dict[str, Any]:
    value = attribute.get("BinaryValue")
    return attribute | {"BinaryValue": base64.b64decode(value)} if value is not None else attribute
