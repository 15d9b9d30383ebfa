"""The SQS queues: the wake queue, the webhook queue, the push queue, and the workers' mailboxes."""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec
from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib.adapters.clients import refused, translated
from chalicelib.domain.ring import ANYTHING, Ring
from chalicelib.domain.watchers import PushJob
from chalicelib.domain.webhook import Delivery
from chalicelib.reading import BadJson, Reader, parse_json
from chalicelib.services.correlation import request_id
from chalicelib.services.ports import Unavailable

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

_DELIVERY: Final = Reader(Delivery)
_PUSH: Final = Reader(PushJob)
_RING: Final = Reader(Ring)

LONGEST_DELAY: Final = 900
LONGEST_POLL: Final = 20
UNHEARD_FOR: Final = 1
"""Seconds until a ring that was received, and not deleted, is received again."""
GONE: Final = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


_FILL: Final = {"job": "fill_standbys"}


class WakeQueue(Struct, frozen=True):
    """The Wakes and ChannelWakes ports. A job is an object with a ``job`` and what it is about."""

    client: "SQSClient"
    url: str

    def reconcile(self, uid: str, *, delay: float) -> None:
        """Queue a look at a session; ``delay`` is rounded up to whole seconds, as SQS takes them."""
        self._send({"job": "reconcile", "uid": uid}, delay)

    def snapshot(self, watcher: str, *, delay: float) -> None:
        """Queue a watcher's snapshot."""
        self._send({"job": "snapshot", "watcher": watcher}, delay)

    def catch_up(self, watcher: str, tenant: str, session_id: str, *, delay: float) -> None:
        """Queue the rest of a subscription's events."""
        self._send({"job": "catch_up", "watcher": watcher, "tenant": tenant, "session": session_id}, delay)

    def fill_standbys(self) -> None:
        """Queue the filling of the standby pool."""
        self._send(_FILL, 0)

    def fill_and_reconcile(self, uid: str, *, delay: float) -> None:
        """Queue both in one batch; Unavailable if SQS doesn't take one of them."""
        jobs: list[tuple[dict[str, Any], float]] = [(_FILL, 0), ({"job": "reconcile", "uid": uid}, delay)]
        entries: list[Any] = [
            {"Id": str(number), "MessageBody": json.dumps(_named(job)), "DelaySeconds": _seconds(later)}
            for number, (job, later) in enumerate(jobs)
        ]
        with translated():
            answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
        if answer.get("Failed"):
            raise Unavailable(", ".join(failed.get("Code", "") for failed in answer["Failed"]))

    def greet(self, sid: str, *, delay: float) -> None:
        """Queue a channel's open packet."""
        self._send({"job": "greet", "channel": sid}, delay)

    def beat(self, sid: str, *, delay: float) -> None:
        """Queue a channel's next ping."""
        self._send({"job": "beat", "channel": sid}, delay)

    def part(self, sid: str, *, delay: float) -> None:
        """Queue a channel's disconnection."""
        self._send({"job": "part", "channel": sid}, delay)

    def still_lost(self, uid: str, *, delay: float) -> None:
        """Queue a second look at a lost connection."""
        self._send({"job": "still_lost", "uid": uid}, delay)

    def _send(self, job: dict[str, Any], delay: float) -> None:
        _send(self.client, self.url, job, delay)


class DeliveryQueue(Struct, frozen=True):
    """The Deliveries port. A message refers to an event; no text and no secret is in it."""

    client: "SQSClient"
    url: str
    dead_letters: str

    def put(self, delivery: Delivery, *, delay: float) -> None:
        """Queue the delivery, with a delay of 15 minutes at the most; its ``not_before`` holds the full time."""
        _send(self.client, self.url, asdict(delivery), delay)

    def dead_letter(self, delivery: Delivery) -> None:
        """Send it to the dead-letter queue."""
        _send(self.client, self.dead_letters, asdict(delivery), 0)


class PushQueue(Struct, frozen=True):
    """The Pushes port: a FIFO queue. Each session is a message group, so its jobs are done one after another."""

    client: "SQSClient"
    url: str

    def put(self, job: PushJob) -> None:
        """Queue the job; SQS drops a repeated one for five minutes."""
        same = sha256(f"{job.uid} {job.cursor}".encode()).hexdigest()
        body = json.dumps(_named(msgspec.to_builtins(job)))
        with translated():
            self.client.send_message(
                QueueUrl=self.url, MessageBody=body, MessageGroupId=job.uid, MessageDeduplicationId=same
            )


def read_push(body: str) -> PushJob:
    """Return the job in a message of the push queue."""
    return _PUSH.json(body)


def read_ring(body: str) -> Ring:
    """Return the ring in a message of a mailbox; one of another version, which says nothing known, is for anything."""
    try:
        return _RING.json(body)
    except msgspec.DecodeError:
        return ANYTHING


def read_delivery(body: str) -> Delivery:
    """Return the delivery in a message of the webhook queue."""
    return _DELIVERY.json(body)


def _send(client: "SQSClient", url: str, body: dict[str, Any], delay: float) -> None:
    with translated():
        client.send_message(QueueUrl=url, MessageBody=json.dumps(_named(body)), DelaySeconds=_seconds(delay))


def _seconds(delay: float) -> int:
    return min(max(math.ceil(delay), 0), LONGEST_DELAY)


def _named(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body with the request that it goes back to, if there is one."""
    name = request_id()
    return {**body, "request": name} if name else body


def request_of(body: str) -> str | None:
    """Return the id of the request that a queued message goes back to, None where none is known."""
    try:
        said = parse_json(body)
    except BadJson:
        return None
    name = said.get("request") if isinstance(said, dict) else None
    return name if isinstance(name, str) else None


class SqsMailboxes(Struct, frozen=True):
    """The Mailboxes port, and the worker's own side of its mailbox; ``tags`` are those by which its owner pays."""

    client: "SQSClient"
    prefix: str
    tags: Mapping[str, str] = {}

    def create(self, worker: str) -> str:
        """Create the queue; creating it again with the same attributes answers the same URL."""
        with translated():
            answer = self.client.create_queue(
                QueueName=f"{self.prefix}{worker}",
                # A ring that nobody heard within ten minutes is worth nothing: the worker looks by itself.
                Attributes={"MessageRetentionPeriod": "600"},
                tags={**self.tags, "switchboard:worker": worker},
            )
        return answer["QueueUrl"]

    def ring(self, mailbox: str, ring: Ring = ANYTHING) -> None:
        """Send a message that says what the ring is for: no more than that."""
        self._unless_gone("send_message", QueueUrl=mailbox, MessageBody=json.dumps(asdict(ring)))

    def delete(self, mailbox: str) -> None:
        """Delete the queue."""
        self._unless_gone("delete_queue", QueueUrl=mailbox)

    def wait(self, mailbox: str, seconds: float) -> dict[str, Ring]:
        """Wait up to ``seconds`` (20 at the most) for a ring; return all that are there at once, by their receipts.

        A ring that isn't deleted (``heard``) is received again after a second: SQS may hand it to a poll whose caller
        is gone.
        """
        poll = min(max(math.ceil(seconds), 0), LONGEST_POLL)
        with translated():
            rings = self.client.receive_message(
                QueueUrl=mailbox, MaxNumberOfMessages=10, WaitTimeSeconds=poll, VisibilityTimeout=UNHEARD_FOR
            )
        return {ring["ReceiptHandle"]: read_ring(ring["Body"]) for ring in rings.get("Messages", [])}

    def heard(self, mailbox: str, rings: Collection[str]) -> None:
        """Delete the rings. One with an outdated receipt may be received again, which does no harm."""
        entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(rings)]
        with translated():
            self.client.delete_message_batch(QueueUrl=mailbox, Entries=entries)  # type: ignore[arg-type]

    def _unless_gone(self, call: str, **arguments: Any) -> None:
        try:
            getattr(self.client, call)(**arguments)
        except ClientError as error:
            if not refused(error, *GONE):
                with translated():
                    raise
        except Exception:
            with translated():
                raise
