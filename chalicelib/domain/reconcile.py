"""The reconciler's rules: the one next step that brings a session closer to the state its owner wants."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from zlib import crc32

from chalicelib.domain import events as e
from chalicelib.domain.lease import ANSWERS_WITHIN, Lease
from chalicelib.domain.session import Desired, Session, Status

LAUNCH_TIMEOUT: Final = 60_000
"""Milliseconds that a new task may take to hold its lease (Fargate needs 20 to 60 s) before RunTask is called again."""
STANDBY_TIMEOUT: Final = 8_000
"""Milliseconds that a woken standby may take to hold the lease before another worker is claimed.

It takes a fraction of a second, and some seconds where the table or the queue is slow. A claim that comes too soon
costs a task and most of a minute; one that comes late, the rest of these seconds.
"""
MAX_LAUNCHES: Final = 2
"""RunTask calls for one claim; then comes a new claim."""
STOP_TIMEOUT: Final = 45_000
"""Milliseconds that a worker may take to end as it was asked (a logout waits 30 s for WhatsApp); then StopTask."""
MAX_ATTEMPTS: Final = 12
"""Claims in a row that came to nothing; then the session fails."""


class Act(StrEnum):
    """What the reconciler can do."""

    REST = "rest"
    CLAIM = "claim"
    LAUNCH = "launch"
    CALL = "call"
    RING = "ring"
    STOP_WORKER = "stop_worker"
    SETTLE = "settle"
    GIVE_UP = "give_up"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Step:
    """One act, and when (milliseconds since the Unix epoch) to look again whatever happens, if at all.

    CLAIM names a worker for the next epoch and starts it; LAUNCH calls RunTask once more for the claim in force; CALL
    gives the worker whose lease has run out time to take it again; RING tells the worker to look; STOP_WORKER ends its
    task; SETTLE records that nothing is left to be done by a worker; REMOVE deletes the session's items.
    """

    act: Act
    again_at: int | None = None


def backoff(attempts: int) -> int:
    """Milliseconds between the last claim and the next, after ``attempts`` claims that came to nothing."""
    return 0 if attempts <= 1 else min(1_000 * 2 ** (attempts - 2), 300_000)


def retry_in(uid: str, refusals: int) -> int:
    """Milliseconds until a launch that was refused once more is tried again: about what ``backoff`` has for it.

    The wait has a random part: thousands of launches that ECS refuses in one minute aren't tried again all at once.
    """
    usual = backoff(refusals + 2)
    return usual // 2 + crc32(f"{uid} {refusals}".encode()) % usual


def next_step(session: Session, lease: Lease | None, now: int) -> Step:
    """Return the step for ``session`` at ``now``; running it twice, late, or after a lost wake does no harm."""
    presence = _presence(session, lease, now)
    match session.desired:
        case Desired.RUNNING:
            return _towards_running(session, presence, lease, now)
        case Desired.STOPPED:
            return _towards_rest(session, presence, now)
        case Desired.UNLINKED:
            return _towards_unlinked(session, presence, lease, now)
        case Desired.DELETED:
            return _towards_nothing(session, presence, lease, now)


_OF_ITS_WORKER: Final = frozenset(
    event.type
    for event in (e.QRShown, e.PairingCodeTaken, e.PairingCodeLapsed, e.PairSuccess, e.Connected, e.Disconnected)
)
"""Events that a session's worker reports while it goes on serving."""


def foreseen(written: Session, now: int) -> Step | None:
    """Return the step that follows from the session as it was just written; None where it takes a look at its lease.

    Most writes of a session are its worker's, at work under its lease, and call for nothing. Should it lose the lease,
    the index of what is due has that, or the end of its task tells. After a claim nobody holds the lease yet: all there
    is to do is to look again in time. A step that is foreseen does nothing now, so it does no harm where the session
    has moved on since it was written.
    """
    event = written.last_event.type if written.last_event else None
    if written.desired is not Desired.RUNNING or not written.enabled or not written.live:
        return None
    if event in _OF_ITS_WORKER and written.status is not Status.STARTING:
        return Step(Act.REST)
    step = next_step(written, None, now) if event == e.WorkerClaimed.type else None
    return step if step and step.act is Act.REST else None


class Version(StrEnum):
    """How the task definition of a session's worker compares: current, old, or old and not to be replaced just now."""

    CURRENT = "current"
    OLD = "old"
    BUSY = "busy"


def version_of(session: Session, lease: Lease | None, task: str, now: int) -> Version:
    """Return whether the session's worker was started from ``task``, and if not, whether it can give way now.

    Only a connected worker can: a scan, a pairing and a removal aren't interrupted.
    """
    if session.task == task or (not session.live and session.status is not Status.DELETING):
        return Version.CURRENT
    free = session.status in {Status.CONNECTED, Status.DISCONNECTED} and session.desired is Desired.RUNNING
    return Version.OLD if free and _presence(session, lease, now) is Presence.HERE else Version.BUSY


class Presence(StrEnum):
    """The claimed worker's presence by its lease: at work, silent (called, or to be called), gone, or not seen yet."""

    HERE = "here"
    SILENT = "silent"
    GONE = "gone"
    COMING = "coming"


def _presence(session: Session, lease: Lease | None, now: int) -> Presence:
    if lease is None or (lease.worker, lease.epoch) != (session.worker, session.epoch):
        return Presence.COMING
    if lease.holds(now):
        return Presence.HERE
    return Presence.GONE if lease.given_up(now) else Presence.SILENT


def _towards_running(session: Session, presence: Presence, lease: Lease | None, now: int) -> Step:
    if session.answered:
        return Step(Act.REST)
    if not session.live:
        return _claim(session, now)
    if presence is Presence.HERE:
        overdue = session.deadline is not None and now >= session.deadline
        return Step(Act.STOP_WORKER) if overdue else Step(Act.REST)
    return _replace(session, presence, lease, now)


def _towards_rest(session: Session, presence: Presence, now: int) -> Step:
    if session.answered:
        return Step(Act.REST)
    if session.live and presence is Presence.HERE:
        return _ring(session, now)
    return Step(Act.SETTLE)


def _towards_unlinked(session: Session, presence: Presence, lease: Lease | None, now: int) -> Step:
    if session.device is None:
        return _towards_rest(session, presence, now)
    if session.live:
        return _ring(session, now) if presence is Presence.HERE else _replace(session, presence, lease, now)
    return _claim(session, now)


def _towards_nothing(session: Session, presence: Presence, lease: Lease | None, now: int) -> Step:
    if session.epoch == 0 or session.erased:
        return Step(Act.REMOVE)
    if presence is Presence.HERE:
        return _ring(session, now)
    # The claim that was in force before the wish to delete may be a dead worker's: only a later one is waited for.
    if session.claimed_at < session.requested_at:
        return _claim(session, now)
    return _replace(session, presence, lease, now)


def _ring(session: Session, now: int) -> Step:
    overdue_at = session.requested_at + STOP_TIMEOUT
    # A worker claimed for this very wish has its own time.
    overdue_at = max(overdue_at, session.claimed_at + LAUNCH_TIMEOUT + STOP_TIMEOUT)
    return Step(Act.STOP_WORKER) if now >= overdue_at else Step(Act.RING, overdue_at)


def _replace(session: Session, presence: Presence, lease: Lease | None, now: int) -> Step:
    """Nobody is at work: the claimed worker is still coming, can't reach the table, or is lost."""
    if presence is Presence.SILENT:
        answer_by = lease.answer_by if lease else None
        return Step(Act.REST, answer_by) if answer_by is not None else Step(Act.CALL, now + ANSWERS_WITHIN)
    if presence is Presence.GONE or session.status not in {Status.STARTING, Status.DELETING}:
        return _claim(session, now)
    if session.next_at and now < session.next_at:
        return Step(Act.REST, session.next_at)
    if session.next_at:
        return Step(Act.LAUNCH)
    patience = STANDBY_TIMEOUT if session.standby else LAUNCH_TIMEOUT * session.launches
    if now < session.claimed_at + patience:
        return Step(Act.REST, session.claimed_at + patience)
    if not session.standby and session.launches < MAX_LAUNCHES:
        return Step(Act.LAUNCH)
    return _claim(session, now)


def _claim(session: Session, now: int) -> Step:
    if session.attempts >= MAX_ATTEMPTS and session.status is Status.STARTING:
        return Step(Act.GIVE_UP)
    earliest = session.claimed_at + backoff(session.attempts)
    return Step(Act.CLAIM) if now >= earliest else Step(Act.REST, earliest)
