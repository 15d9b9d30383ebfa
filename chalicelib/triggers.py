"""AWS's own doors: the table's stream (read twice), three queues, the clock, and the ends of tasks.

Each hands over to a service. The stream's first consumer reconciles: a record says which session, the reconciler reads
what stands. The second tells: an event is kept in history first, then told to watchers, then owed to the webhook's
endpoint, so that nobody hears of what isn't there to be read again. Batches report what has to come again
(``chalicelib.batches``); everything here may happen twice.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb.events import change
from chalicelib.adapters.queues import read_delivery, read_push
from chalicelib.adapters.tasks import ended
from chalicelib.batches import each, every
from chalicelib.domain.events import Disconnected, Envelope, SettingsChanged, WebhookDisabled, WorkerClaimed
from chalicelib.domain.session import Reason, Status

triggers = Blueprint("chalicelib.triggers")
log = logging.getLogger(__name__)

Event = dict[str, Any]

SESSIONS_AT_ONCE: Final = 8
"""Sessions of a batch that are told of side by side. Lambda itself would keep the order of single items only, and a
watcher that goes on from an event it has seen must not miss one of before that."""
ATTEMPTS_AT_ONCE: Final = 10
"""Webhook attempts at a time: a whole batch, so that an endpoint that is slow holds up none of the others in it."""

FAILED: Final = "session.failed"
WORKER_LOST: Final = "session.worker_lost"
CLIENT_RESTARTED: Final = "session.client_restarted"

UNMOVED: Final = (SettingsChanged.type, WebhookDisabled.type)
"""Events that leave the status as it is: one that failed fails no second time."""


@triggers.lambda_function(name="control")
def on_control(event: Event, context: Any) -> Event:
    """Stream records of sessions, to the reconciler."""
    return reconcile(event)


@triggers.lambda_function(name="fanout")
def on_fanout(event: Event, context: Any) -> Event:
    """Stream records of events, to history, watchers and the webhook queue."""
    return tell(event)


@triggers.lambda_function(name="wake")
def on_wake(event: Event, context: Any) -> Event:
    """Jobs of the wake queue."""
    return every(event, _run_job)


@triggers.lambda_function(name="deliver")
def on_deliver(event: Event, context: Any) -> Event:
    """Attempts of the webhook queue."""
    return attempt(event)


@triggers.lambda_function(name="push")
def on_push(event: Event, context: Any) -> Event:
    """Events of sessions that many watch, one after the other for each session."""
    return every(event, lambda body: bootstrap.push().tell(read_push(body)))


@triggers.lambda_function(name="sweep")
def on_sweep(event: Event, context: Any) -> None:
    """Run once a minute."""
    bootstrap.sweeper().sweep()


@triggers.lambda_function(name="task-state")
def on_task_state(event: Event, context: Any) -> None:
    """ECS Task State Change events: the end of a task is known sooner than its worker's lease would tell."""
    task = ended(event["detail"])
    if task:
        bootstrap.reconciler().worker_ended(
            task.worker, uid=task.uid, epoch=task.epoch, mailbox=task.mailbox, refusal=task.refusal
        )


def reconcile(event: Mapping[str, Any]) -> Event:
    """Reconcile each record's session; the first that couldn't be is where the stream goes on."""
    return each(event, lambda record: bootstrap.reconciler().reconcile(change(record).uid))


def tell(event: Mapping[str, Any]) -> Event:
    """Record, push and owe each record's event; the first that couldn't be is where the stream goes on."""
    return each(event, _tell_of, at_once=SESSIONS_AT_ONCE)


def _tell_of(record: Mapping[str, Any]) -> None:
    envelope = change(record).event
    if envelope:
        bootstrap.history().record(envelope)
        bootstrap.push().push(envelope)
        bootstrap.webhooks().owe(envelope)
        note(envelope)


def attempt(event: Mapping[str, Any]) -> Event:
    """Make each attempt; what AWS couldn't do just now comes again, an endpoint's refusal is queued anew by itself."""
    # Made here: in the threads, many at once would make clients, which boto3 doesn't allow.
    webhooks = bootstrap.webhooks()
    return every(event, lambda body: webhooks.attempt(read_delivery(body)), at_once=ATTEMPTS_AT_ONCE)


def _run_job(body: str) -> None:
    match json.loads(body):
        case {"job": "reconcile", "uid": str(uid)}:
            bootstrap.reconciler().reconcile(uid)
        case {"job": "snapshot", "watcher": str(watcher)}:
            bootstrap.push().snapshot(watcher)
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
    """Write a line about a session that failed for good, with the reason, or lost its worker or the client in it.

    The template's metric filters count these lines, and its alarms tell. The fan-out sees every event, and some twice:
    a count may be too high, never too low.
    """
    reason = envelope.data.get("reason")
    about = {"uid": envelope.uid, "event_id": envelope.id, "reason": reason}
    if envelope.data.get("status") == Status.FAILED and envelope.type not in UNMOVED:
        log.error(FAILED, extra=about)
    elif envelope.type == WorkerClaimed.type and reason == Reason.WORKER_LOST:
        log.warning(WORKER_LOST, extra=about)
    elif envelope.type == Disconnected.type and reason == Reason.CLIENT_RESTARTED:
        log.warning(CLIENT_RESTARTED, extra=about)
