"""Lambda functions behind AWS's own events: the table's stream (two consumers), three queues, a schedule, ECS tasks.

Each function hands over to a service. All of them run at least once for each event and may run twice; what couldn't be
done is reported as a partial batch failure, and Lambda repeats only the records and messages that are reported.

The stream's first consumer (``control``) reconciles. Most records call for nothing, and say so themselves. Each of the
others only says which session changed: the reconciler reads the session itself, so records may come late, twice, or out
of order.

The second (``fanout``) distributes events, and there the order matters, within an event and between events:

- Within an event: history (with the pointer of the message's chat, in one call), then chats, then watchers, then the
  webhook's queue. Whoever is told of a message finds it in its chat. A watcher that connects subscribes first and then
  reads history and the session, while the fan-out writes history before it reads subscriptions; so every event reaches
  a new watcher by one of the two ways. A webhook's attempt reads the event from history, so history has to be there
  before the attempt is queued.
- Between events of a session: their order in the stream. One batch of a shard at a time is in work, since Lambda would
  otherwise keep the order for each item only, and a session's messages are items of their own. Within a batch, sessions
  are told of side by side (``SESSIONS_AT_ONCE``), and each session's records one after the other. A record that fails
  holds back the later ones of its session, not those of others; when the batch comes again from there, other sessions
  may be told of an event twice.
- A session with many watchers is told of by the push queue (FIFO, the session is the message group), so that it delays
  no other session; it goes on by the queue for a while after its watchers became few, so that no event overtakes one
  that is still queued.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb.sessions import Change, change
from chalicelib.adapters.queues import read_delivery, read_push, request_of
from chalicelib.adapters.tasks import ended
from chalicelib.domain.errors import Contended
from chalicelib.domain.events import Disconnected, Envelope, WorkerClaimed
from chalicelib.domain.session import Reason, Status
from chalicelib.domain.transitions import ASIDE
from chalicelib.domain.webhook import Delivery
from chalicelib.services.correlation import on_behalf_of
from chalicelib.services.ports import Misconfigured, Unavailable
from chalicelib.services.threads import Threads
from chalicelib.services.watching.distribution import Distribution

log = logging.getLogger(__name__)

PASSING = (Unavailable, Contended, Misconfigured)
"""Errors after which a record is retried: they pass with time, or once an operator has corrected a permission.

Any other error is a permanent refusal or a bug: it is logged once with its traceback, and the record is passed over, so
that later records aren't held up.
"""


def each(event: Mapping[str, Any], act: Callable[[Mapping[str, Any]], None], *, at_once: int = 1) -> dict[str, Any]:
    """Run ``act`` on each stream record; returns Lambda's ``batchItemFailures``.

    After a passing error the batch comes again from the earliest failed record on. Records of one partition key are
    taken in order. With ``at_once`` over 1, so many partition keys are taken side by side; some of the records that
    come again have been handled then, so ``act`` must be repeatable.
    """
    if at_once == 1:
        return _failed([_stopped_at(event["Records"], act)])
    return each_lane(event, lambda lane: _stopped_at(lane, act), at_once=at_once)


def each_lane(
    event: Mapping[str, Any], act: Callable[[Sequence[Mapping[str, Any]]], str | None], *, at_once: int
) -> dict[str, Any]:
    """Run ``act`` on the stream records of each partition key, side by side; returns Lambda's ``batchItemFailures``.

    ``act`` returns the sequence number of the record from which on they are to come again, None for none.
    """
    lanes = _lanes(event["Records"])
    if len(lanes) == 1:
        return _failed([act(lanes[0])])
    with Threads(at_once) as pool:
        return _failed(pool.map(act, lanes))


def _failed(stopped: Iterable[str | None]) -> dict[str, Any]:
    failed = [sequence for sequence in stopped if sequence is not None]
    return {"batchItemFailures": [{"itemIdentifier": min(failed, key=int)}] if failed else []}


def _lanes(records: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    lanes: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        lanes.setdefault(record["dynamodb"]["Keys"]["pk"]["S"], []).append(record)
    return list(lanes.values())


def _stopped_at(records: Iterable[Mapping[str, Any]], act: Callable[[Mapping[str, Any]], None]) -> str | None:
    """Return the sequence number of the first record that has to come again; None if there is none."""
    for record in records:
        sequence: str = record["dynamodb"]["SequenceNumber"]
        try:
            act(record)
        except PASSING:
            log.warning("a stream record comes again", extra={"sequence": sequence}, exc_info=True)
            return sequence
        except Exception:
            log.exception("a stream record can't be handled", extra={"sequence": sequence})
    return None


def every(event: Mapping[str, Any], act: Callable[[str], object], *, at_once: int = 1) -> dict[str, Any]:
    """Run ``act`` on each queue message's body, ``at_once`` at a time; returns Lambda's ``batchItemFailures``.

    Messages that fail, for whatever reason, come again, and go to the dead letters after the queue's maximum.
    """

    def done(message: Mapping[str, Any]) -> bool:
        try:
            with on_behalf_of(request_of(message["body"])):
                act(message["body"])
        except Exception:
            log.exception("a queued job failed", extra={"message_id": message["messageId"]})
            return False
        return True

    if len(event["Records"]) == 1:
        outcomes = [done(event["Records"][0])]
    else:
        with Threads(at_once) as pool:
            outcomes = list(pool.map(done, event["Records"]))
    failed = [message for message, good in zip(event["Records"], outcomes, strict=True) if not good]
    return {"batchItemFailures": [{"itemIdentifier": message["messageId"]} for message in failed]}


triggers = Blueprint("chalicelib.triggers")

Event = dict[str, Any]

SESSIONS_AT_ONCE: Final = 8
"""Sessions of a batch whose events are distributed side by side. Each session's events stay in order: a watcher that
resumes after the last event it has seen must not have missed an earlier one."""
ATTEMPTS_AT_ONCE: Final = 10
"""Webhook attempts made side by side: a whole batch, so that a slow endpoint delays no other delivery of the batch."""

FAILED: Final = "session.failed"
WORKER_LOST: Final = "session.worker_lost"
CLIENT_RESTARTED: Final = "session.client_restarted"

UNMOVED: Final = frozenset(event.type for event in ASIDE)
"""Events that don't change the status: on a session that has failed they are no new failure."""


@triggers.lambda_function(name="control")
def on_control(event: Event, context: Any) -> Event:
    """Reconcile the sessions that stream records name."""
    return reconcile(event)


@triggers.lambda_function(name="fanout")
def on_fanout(event: Event, context: Any) -> Event:
    """Distribute the events of stream records: to history, watchers and the webhook queue, in that order."""
    return tell(event)


@triggers.lambda_function(name="wake")
def on_wake(event: Event, context: Any) -> Event:
    """Run the wake queue's jobs."""
    return every(event, _run_job)


@triggers.lambda_function(name="deliver")
def on_deliver(event: Event, context: Any) -> Event:
    """Make the webhook queue's attempts."""
    return attempt(event)


@triggers.lambda_function(name="push")
def on_push(event: Event, context: Any) -> Event:
    """Send the push queue's events to watchers: those of sessions with many watchers, each session's in order."""
    return every(event, lambda body: bootstrap.push().tell(read_push(body)))


@triggers.lambda_function(name="sweep")
def on_sweep(event: Event, context: Any) -> None:
    """Find what is due and was missed; runs once a minute."""
    bootstrap.sweeper().sweep()


@triggers.lambda_function(name="task-state")
def on_task_state(event: Event, context: Any) -> None:
    """Free the lease of a task that ECS reports as stopped, instead of waiting until the lease expires."""
    task = ended(event["detail"])
    if task:
        bootstrap.reconciler().worker_ended(
            task.worker,
            uid=task.uid,
            epoch=task.epoch,
            mailbox=task.mailbox,
            known=task.known,
            refusal=task.refusal,
        )


def reconcile(event: Mapping[str, Any]) -> Event:
    """Reconcile each record's session; the batch comes again from the first record that failed."""
    return each(event, _reconcile_of)


def _reconcile_of(record: Mapping[str, Any]) -> None:
    seen = change(record)
    with on_behalf_of(seen.request):
        if seen.session is None:
            bootstrap.reconciler().reconcile(seen.uid)
        else:
            bootstrap.reconciler().follow(seen.session)


def tell(event: Mapping[str, Any]) -> Event:
    """Distribute each record's event; the batch comes again from the first record that failed."""
    distribution = bootstrap.distribution()
    return each_lane(event, lambda records: _tell_of(records, distribution), at_once=SESSIONS_AT_ONCE)


def _tell_of(records: Sequence[Mapping[str, Any]], distribution: Distribution) -> str | None:
    """Distribute the events of one session's records."""
    seen: dict[str, Change] = {}
    for record in records:
        with suppress(Exception):
            # Whoever comes to the record says what is wrong with it.
            seen[record["dynamodb"]["SequenceNumber"]] = change(record)
    begun = distribution.begin([one.event for one in seen.values() if one.event])

    def tell_of(record: Mapping[str, Any]) -> None:
        told = seen.get(record["dynamodb"]["SequenceNumber"]) or change(record)
        if told.event is None:
            return
        with on_behalf_of(told.request):
            begun.tell(told.event, told.session)
            note(told.event)

    return _stopped_at(records, tell_of)


def attempt(event: Mapping[str, Any]) -> Event:
    """Make each attempt. What an error of AWS's prevented comes again; the service queues what endpoints refused."""
    # Made here: in the threads, many at once would make clients, which boto3 doesn't allow.
    webhooks = bootstrap.webhooks()
    deliveries: list[Delivery] = []
    for message in event["Records"]:
        with suppress(Exception):
            # Whoever comes to the message says what is wrong with it.
            deliveries.append(read_delivery(message["body"]))
    sources = webhooks.look_up(deliveries)

    def make(body: str) -> None:
        delivery = read_delivery(body)
        webhooks.attempt(delivery, sources.get(delivery))

    return every(event, make, at_once=ATTEMPTS_AT_ONCE)


def _run_job(body: str) -> None:
    match json.loads(body):
        case {"job": "reconcile", "uid": str(uid)}:
            bootstrap.reconciler().reconcile(uid)
        case {"job": "snapshot", "watcher": str(watcher)}:
            bootstrap.push().snapshot(watcher)
        case {"job": "catch_up", "watcher": str(watcher), "tenant": str(tenant), "session": str(session)}:
            bootstrap.subscriptions().catch_up(watcher, tenant, session)
        case {"job": "fill_standbys"}:
            bootstrap.standbys().fill()
        case {"job": "greet", "channel": str(sid)}:
            bootstrap.socketio().greet(sid)
        case {"job": "beat", "channel": str(sid)}:
            bootstrap.socketio().beat(sid)
        case {"job": "part", "channel": str(sid)}:
            bootstrap.socketio().part(sid)
        case {"job": "still_lost", "uid": str(uid)}:
            bootstrap.rooms().still_lost(uid)
        case other:
            raise ValueError(f"an unknown job: {other}")


def note(envelope: Envelope) -> None:
    """Log the events that alarms count: a session that failed for good (with its reason), a lost worker or client.

    The template's metric filters match these lines. The fan-out sees every event at least once, so a count may be too
    high, but never too low.
    """
    reason = envelope.data.get("reason")
    about = {"uid": envelope.uid, "event_id": envelope.id, "reason": reason}
    if envelope.data.get("status") == Status.FAILED and envelope.type not in UNMOVED:
        log.error(FAILED, extra=about)
    elif envelope.type == WorkerClaimed.type and reason == Reason.WORKER_LOST:
        log.warning(WORKER_LOST, extra=about)
    elif envelope.type == Disconnected.type and reason == Reason.CLIENT_RESTARTED:
        log.warning(CLIENT_RESTARTED, extra=about)
