"""AWS's own doors: the stream, two queues, the clock, the tasks' ends. Each only hands over to a service."""

from typing import Any

from chalice.app import Blueprint

from chalicelib.triggers import control, deliver, fanout, push, sweep, task_state, wake

triggers = Blueprint("chalicelib.triggers")

Event = dict[str, Any]


@triggers.lambda_function(name="control")
def on_control(event: Event, context: Any) -> Event:
    """Stream records of sessions, to the reconciler."""
    return control.handle(event)


@triggers.lambda_function(name="fanout")
def on_fanout(event: Event, context: Any) -> Event:
    """Stream records of events, to history, watchers and the webhook queue."""
    return fanout.handle(event)


@triggers.lambda_function(name="wake")
def on_wake(event: Event, context: Any) -> Event:
    """Jobs of the wake queue."""
    return wake.handle(event)


@triggers.lambda_function(name="deliver")
def on_deliver(event: Event, context: Any) -> Event:
    """Attempts of the webhook queue."""
    return deliver.handle(event)


@triggers.lambda_function(name="push")
def on_push(event: Event, context: Any) -> Event:
    """Events of the push queue, to the watchers of sessions that many watch."""
    return push.handle(event)


@triggers.lambda_function(name="sweep")
def on_sweep(event: Event, context: Any) -> None:
    """Run once a minute."""
    sweep.handle()


@triggers.lambda_function(name="task-state")
def on_task_state(event: Event, context: Any) -> None:
    """ECS Task State Change events."""
    task_state.handle(event)
