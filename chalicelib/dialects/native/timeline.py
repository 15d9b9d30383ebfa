"""The timeline of a session: what was asked of it, what became of it and why, and who served it; newest first."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypedDict

from chalicelib.dialects.native.webhook import moments
from chalicelib.dialects.shared import Moment, iso
from chalicelib.domain.events import DeleteRequested, Envelope
from chalicelib.domain.session import Session, Status
from chalicelib.domain.transitions import ASIDE
from chalicelib.domain.webhook import FAILURES

_UNEXPLAINED: Final = frozenset(event.type for event in ASIDE) - {DeleteRequested.type}
"""Events that change no status: the reason that stood then isn't theirs."""
_TOLD_APART: Final = frozenset({"status", "reason", "message", "next_at", "until", "worker"})


class NativeWorkerJson(TypedDict):
    """The worker that serves a session, or is on its way to."""

    id: str
    epoch: Annotated[int, "Counts the session's workers."]
    since: Annotated[Moment, "When the session was given to it, or when there was room for it."]
    standby: Annotated[bool, "It waited for a session, so that none had to be started."]
    on_demand: Annotated[bool, "It is no Spot one, since there was no room for those."]
    task: Annotated[str | None, "The task definition that it was started from: which version it runs."]


class NativeTimelineEntryJson(TypedDict):
    """Something that happened to a session."""

    id: Annotated[str, "Stays the same if the event is told again."]
    at: Moment
    type: Annotated[str, "Such as ``session.stop_requested`` or ``session.connected``."]
    status: Annotated[Status, "The session's status from then on."]
    reason: Annotated[str | None, "Why it happened: a word for programs."]
    message: Annotated[str | None, "The same as a sentence."]
    next_at: Annotated[Moment | None, "When the status was to change by itself."]
    until: Annotated[Moment | None, "How long WhatsApp refuses the account, where it says so."]
    worker: Annotated[NativeWorkerJson | None, "The worker that was claimed, launched or refused."]
    detail: Annotated[dict[str, Any], "What else there is to say of such an event; never a code."]


def entry(of: Envelope) -> NativeTimelineEntryJson:
    """Return an event of a session as its timeline tells it."""
    data, worker = of.data, of.data.get("worker")
    reason, message = _why(of)
    return {
        "id": of.id,
        "at": iso(of.at),
        "type": of.type,
        "status": Status(data["status"]),
        "reason": reason,
        "message": message,
        "next_at": iso(data.get("next_at")),
        "until": iso(data.get("until")),
        "worker": _worker(worker) if worker else None,
        "detail": moments({name: value for name, value in data.items() if name not in _TOLD_APART}),
    }


def worker(of: Session) -> NativeWorkerJson | None:
    """Return the worker that serves the session, or is on its way to; None where there is none."""
    if not of.live or of.worker is None:
        return None
    return {
        "id": of.worker,
        "epoch": of.epoch,
        "since": iso(of.claimed_at),
        "standby": of.standby,
        "on_demand": of.on_demand,
        "task": _revision(of.task),
    }


def _worker(of: Mapping[str, Any]) -> NativeWorkerJson:
    return {
        "id": of["id"],
        "epoch": of["epoch"],
        "since": iso(of["since"]),
        "standby": of["standby"],
        "on_demand": of["on_demand"],
        "task": _revision(of.get("task")),
    }


def _revision(task: str | None) -> str | None:
    """Return the family and the revision of a task definition's ARN; the rest names the AWS account."""
    return task.rpartition("/")[2] if task else None


def _why(of: Envelope) -> tuple[str | None, str | None]:
    failure = of.data.get("webhook")
    if failure:
        return failure["reason"], FAILURES.get(failure["reason"])
    if of.type in _UNEXPLAINED:
        return None, None
    return of.data.get("reason"), of.data.get("message")
