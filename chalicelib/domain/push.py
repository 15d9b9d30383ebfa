"""Events of sessions that many watch: told apart from all others, in their order, by a queue with a group a session."""

from dataclasses import dataclass, replace
from typing import Final

from chalicelib.domain.events import DELETED, Envelope

APART_FOR: Final = 600_000
"""Milliseconds for which a session's events go by the queue once many watched it, however few they are by then.

An event that was told at once would overtake those that still wait there; none waits longer than this.
"""


@dataclass(frozen=True, slots=True)
class PushJob:
    """One event to tell a session's watchers, by reference: queues hold no texts.

    ``cursor`` is the event's in history, ``message`` the id of the message that it is about. Only the last event of all
    comes by itself, as ``event``: it has no place in the history that it ends.
    """

    uid: str
    cursor: str
    message: str | None = None
    event: Envelope | None = None


def push_job(envelope: Envelope) -> PushJob:
    """Return the job to tell of an event."""
    event = replace(envelope, message=None) if envelope.type == DELETED else None
    return PushJob(envelope.uid, envelope.cursor, envelope.message.id if envelope.message else None, event)
