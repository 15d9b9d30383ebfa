"""What a month uses, by price: what is known of the code's own rhythm, and what is assumed of the people who use it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from chalicelib.adapters.dynamodb.control import SHARDS
from chalicelib.domain.lease import RENEW_EVERY
from chalicelib.domain.media import KEPT
from chalicelib.services.ports import Figure
from infra.template import TEMPLATE, load_template

HOURS: Final = 730
"""In a month, as AWS's own examples count."""
MINUTES: Final = HOURS * 60
DAYS: Final = HOURS / 24
LOOKS_A_MINUTE: Final = 2
"""A worker looks every 30 seconds at what is wanted, what is to be sent and what is asked, in case a ring got lost."""
POLLS_A_MINUTE: Final = 3
"""A poll of a mailbox lasts 20 seconds."""
KEY_MINUTES: Final = 5
"""DynamoDB asks KMS for the table's key once in so many minutes for each caller that is busy."""
SECRETS: Final = 3
"""Signing keys, the edge's, the first administrator's password."""
GB: Final = 1e9
METERED_KB: Final = 32
"""API Gateway counts a WebSocket's message once for each such part. The gateway tells watchers no more at a time."""
PLACE_WRITES: Final = 2
"""A place to wait in is taken and given back."""
LOOKS_OF_A_WAIT: Final = 6
LOOK_MS: Final = 500
"""A call that waits looks every half second, and waits for three."""
COPIES_KEPT: Final = 35
"""Days that AWS Backup keeps a day's copy of the linked devices' files."""
FIGURES_KB: Final = 0.6
"""Of the line with the figures that each sweep logs."""
FILES_KEPT: Final = KEPT / 86_400_000
"""Days that a file is kept."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """How one session is used; change it to what yours do."""

    messages_in: int = 100  # a day
    messages_out: int = 50  # a day
    files_in: int = 10  # of the messages a day, each of which is read once by whoever the session belongs to
    files_out: int = 5  # of the messages a day, each of which is uploaded once for it
    file_kb: float = 300.0
    reconnects: int = 4  # a day, each two events
    calls: int = 200  # REST calls a day, those that send among them
    page_files: int = 40  # of the page, which a browser reads once a month and then keeps
    page_kb: float = 250.0  # all of them
    watched_hours: float = 2.0  # a day that one page watches the session
    webhook: bool = True  # every event of a message goes to an endpoint
    standbys: int = 1  # for the whole deployment
    answer_kb: float = 2.0  # of a REST answer
    waits: int = 5  # of the calls a day, for longer than a moment, for which each takes a place
    push_kb: float = 2.0  # of what a watcher is told of an event
    call_ms: int = 150  # that a REST call keeps its function: a send waits for WhatsApp
    event_ms: int = 60  # that a batch of events, a job or a delivery keeps its function
    function_gb: float = 0.5
    device_mb: float = 3.0  # of keys and ratchets on EFS
    message_kb: float = 1.0  # of a message's item
    writes_kb: float = 40.0  # on EFS for a message: the write-ahead log
    traffic_mb: float = 100.0  # a month from a worker to WhatsApp
    log_kb: float = 150.0  # a day of a session, its functions' and its worker's, and a line a call of the edge's id
    file_backups: bool = False  # FileBackups=yes: AWS Backup copies the devices' files

    @property
    def message_events(self) -> int:
        """Events of messages a day: one comes in; one goes out as sent, delivered, read."""
        return self.messages_in + 3 * self.messages_out

    @property
    def deliveries(self) -> int:
        """Webhooks a day: a message that came in, and sent, delivered and read of one that went out."""
        return self.messages_in + 3 * self.messages_out if self.webhook else 0


def month(sessions: int, assumed: Assumed | None = None) -> Mapping[str, float]:
    """Return the quantities of a month with ``sessions`` connected, by the names of prices.json."""
    a = assumed or Assumed()
    tasks, alarms, metrics = sessions + a.standbys, *_watched()
    events = a.message_events + 2 * a.reconnects
    invocations = sessions * DAYS * (a.calls + events + 2 * a.reconnects + a.deliveries) + MINUTES
    pages = a.watched_hours * 60 * DAYS * sessions
    file_gb = a.file_kb * 1e3 / GB
    history_gb = (7 * (a.messages_in + a.messages_out) * a.message_kb + 30 * events * 0.5) * 1e3 * sessions / GB
    return {
        "fargate_vcpu": tasks * HOURS * 0.25,
        "fargate_gb": tasks * HOURS * 0.5,
        "public_ipv4": tasks * HOURS,
        "dynamodb_write": tasks * _lease_writes() + sessions * DAYS * writes_a_day(a),
        "dynamodb_read": sessions * MINUTES * LOOKS_A_MINUTE * 3 + sessions * DAYS * _reads_a_day(a) + _sweep_reads(),
        "dynamodb_gb": history_gb,
        "dynamodb_pitr_gb": history_gb,
        "sqs_request": tasks * MINUTES * POLLS_A_MINUTE
        + sessions * DAYS * 3 * (a.messages_out + a.deliveries)
        # Lambda keeps five pollers on each of three queues, 20 seconds a poll.
        + 3 * 5 * MINUTES * 3,
        "lambda_request": invocations,
        "lambda_gb_second": a.function_gb
        * (
            sessions * DAYS * (a.calls * a.call_ms + a.waits * LOOKS_OF_A_WAIT * LOOK_MS)
            + (invocations - sessions * DAYS * a.calls) * a.event_ms
        )
        / 1000,
        "rest_request": sessions * DAYS * a.calls,
        "websocket_message": sessions * DAYS * (events * a.watched_hours / 24 + 2) * ceil(a.push_kb / METERED_KB),
        "websocket_minute": pages,
        "efs_gb": sessions * a.device_mb * 1e6 / GB,
        "efs_read_gb": sessions * DAYS * a.reconnects * a.device_mb * 1e6 / GB,
        "efs_write_gb": sessions * DAYS * (a.messages_in + a.messages_out) * a.writes_kb * 1e3 / GB,
        # Each day's copy has the files that changed, which a device's database does every day.
        "efs_backup_gb": a.file_backups * COPIES_KEPT * sessions * a.device_mb * 1e6 / GB,
        "s3_gb": sessions * FILES_KEPT * (a.files_in + a.files_out) * file_gb,
        # What is uploaded is copied to where no form can write, and read to be judged, then by the worker.
        "s3_put": sessions * DAYS * (a.files_in + 2 * a.files_out),
        "s3_get": sessions * DAYS * (a.files_in + 2 * a.files_out),
        "kms_key": 0,
        "kms_request": tasks * MINUTES / KEY_MINUTES,
        "secret": SECRETS,
        "secret_request": 12 * HOURS * max(1.0, sessions / 100),
        "cloudfront_request": sessions * (DAYS * (a.calls + 2) + a.page_files),
        "cloudfront_function": sessions * DAYS * (a.calls + 2),
        "cloudfront_gb": sessions
        * (DAYS * (a.calls * a.answer_kb * 1e3 / GB + a.files_in * file_gb) + a.page_kb * 1e3 / GB),
        "log_gb": (sessions * DAYS * a.log_kb + MINUTES * FIGURES_KB) * 1e3 / GB,
        "metric": metrics,
        "alarm_metric": alarms,
        "dashboard": 1,
        "traffic_gb": sessions * (a.traffic_mb * 1e6 / GB + DAYS * a.files_out * file_gb),
    }


def _lease_writes() -> float:
    """Write units a month of one lease: each renewal, and its place in the due index once a minute, out and in."""
    return MINUTES * (60_000 / RENEW_EVERY + 2)


def writes_a_day(a: Assumed) -> float:
    """Write units a day: items, their places in the indexes of what is open and due, and events' places in history.

    Each message also moves its chat on, has a pointer there, and is noted as the session's newest; each file has a
    record, which moves once. A reconnect's events are in the session's timeline too. What waits has a place.
    """
    came_in, went_out, reconnected, in_a_chat = 1, 6 + 3 + 2 + 1, 2 * 2 + 2, 3
    events = a.message_events + 2 * a.reconnects
    messages = a.messages_in * (came_in + in_a_chat) + a.messages_out * (went_out + in_a_chat)
    files = 2 * (a.files_in + a.files_out)
    return messages + files + a.reconnects * reconnected + events + PLACE_WRITES * a.waits


def _reads_a_day(a: Assumed) -> float:
    """Read units a day: a call's credential and session, an event's followers, a delivery's three items.

    What waits looks again and again.
    """
    looks = a.waits * LOOKS_OF_A_WAIT
    return a.calls * 4 + looks + a.message_events + 2 * a.reconnects + a.deliveries * 3


def _sweep_reads() -> float:
    """Read units a month of the minute's look around: half a unit a shard of both kinds, the upgrade, and the pool.

    The pool's state is read to fill it and to trim it, the standbys for both and to count those that are ready.
    """
    return MINUTES * (2 * SHARDS * 0.5 + 1 + 2 + 3)


def _watched() -> tuple[int, int]:
    """Return how many metrics the template's alarms watch, and how many metrics the template and the functions make."""
    template = load_template(TEMPLATE)
    alarms = [one["Properties"] for one in template.resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    watched = sum(sum("MetricStat" in each for each in one.get("Metrics", [{"MetricStat": 1}])) for one in alarms)
    made = sum(one["Type"] == "AWS::Logs::MetricFilter" for one in template.resources.values())
    return watched, made + len(Figure)
