"""Waiting for a state by polling, within the deadline of the call that waits.

API Gateway gives up on a call after 29 seconds and answers 504, whatever the call's outcome. So each call has a
deadline, which goes along with it beside its arguments (a context variable), and every wait ends there. A wait counts
from when the call came to the gateway: what the call has spent on its way here is part of the wait.

A waiting call holds a function, and an account has room for so many at once: callers who wait would keep the rest of
the gateway, which brings what they wait for, from working. So calls that wait for longer than a moment need a place,
of which there are few enough to leave room for all else. A call without one is answered at once, with how things stand.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from itertools import chain, repeat
from typing import Final, TypeVar

from msgspec import Struct

from chalicelib.domain.session import Session, Status
from chalicelib.services.ports import Clock, SessionStore, Sleep
from chalicelib.services.ports.waiting import WaitingPlaces


class Terms(Struct, frozen=True):
    """How long a call may wait: until ``by`` (milliseconds since the Unix epoch), and in which ``places``.

    ``late`` is how many milliseconds ago it came when it was taken up. ``places`` is called for the places when one is
    needed, so that a call that doesn't wait makes nothing; without it, none is.
    """

    by: int
    late: int = 0
    places: Callable[[], WaitingPlaces] | None = None


_terms: Final[ContextVar[Terms | None]] = ContextVar("terms", default=None)


@contextmanager
def answering(terms: Terms) -> Iterator[None]:
    """Set the terms of the call that this context serves."""
    token = _terms.set(terms)
    try:
        yield
    finally:
        _terms.reset(token)


def in_time(ends: int) -> int:
    """Return when a wait ends that would end at ``ends`` if the call had come just now, its deadline at the latest.

    Both are in milliseconds since the Unix epoch.
    """
    terms = _terms.get()
    return ends if terms is None else min(ends - terms.late, terms.by)


@contextmanager
def a_place(now: int, until: int) -> Iterator[bool]:
    """Hold one of the call's places to wait in, ``until`` then at the longest; whether there was one.

    Both are in milliseconds since the Unix epoch.
    """
    terms = _terms.get()
    if terms is None or terms.places is None:
        yield True
        return
    places = terms.places()
    place = places.take(now=now, until=until)
    try:
        yield place is not None
    finally:
        if place:
            places.give_back(place)


T = TypeVar("T")

PAUSES: Final = (0.1, 0.15, 0.25, 0.35, 0.5)
"""Seconds between looks at a session, the last one repeated."""
A_MOMENT: Final = 0.5
"""Seconds that any call may wait: most messages are acknowledged by then."""
PATIENCE: Final = 8.0
"""Seconds that a call waits for a worker to do what its owner asked; the work goes on after the answer."""


class Patience(Struct, frozen=True):
    """How a call waits: its clock, its sleep, and the ``pauses`` (in seconds, the last one repeated) between looks."""

    clock: Clock
    sleep: Sleep
    pauses: Sequence[float]

    def until(self, ends: int, current: T, look: Callable[[T], T], done: Callable[[T], bool]) -> T:
        """Replace ``current`` by ``look(current)`` until it is ``done``, or the time is up; return it.

        ``ends`` is in milliseconds since the Unix epoch, for a call that came just now (``in_time``); the last pause
        ends there, and the last look follows it. After a moment it goes on only with a place (``a_place``).
        """
        ends, waited = in_time(ends), 0.0
        with ExitStack() as holding:
            for pause in chain(self.pauses, repeat(self.pauses[-1])):
                now = self.clock()
                left = (ends - now) / 1000
                if done(current) or left <= 0:
                    break
                if waited <= A_MOMENT < waited + pause and not holding.enter_context(a_place(now, ends)):
                    break
                self.sleep(min(pause, left))
                waited += pause
                current = look(current)
        return current


REMEMBERED: Final = 20
CLOSELY: Final = 0.03
"""Seconds between looks while what is waited for usually comes."""
CLOSE_LOOKS: Final = 8
LONGEST_BLIND: Final = 2.0
"""Seconds until the first look at the most: something else may have come of it."""


class Experience:
    """How long what calls wait for took of late, as far as this process has seen; used from many threads.

    A look costs a read, and one that comes late costs the caller its pause: so the first look comes when a quarter of
    the latest had come, and looks are close until three quarters had.
    """

    def __init__(self) -> None:
        self._took: deque[int] = deque(maxlen=REMEMBERED)

    def note(self, took: int) -> None:
        """Note that it took so many milliseconds."""
        self._took.append(max(took, 0))

    def pauses(self, elapsed: int) -> Sequence[float]:
        """Return the seconds between looks of a wait for what was asked for ``elapsed`` milliseconds ago."""
        took = sorted(self._took)
        quarter = len(took) // 4
        if not took or elapsed > took[-1 - quarter]:
            return PAUSES
        first = min(max((took[quarter] - elapsed) / 1000, CLOSELY), LONGEST_BLIND)
        return first, *(CLOSELY,) * CLOSE_LOOKS, *PAUSES


class FirstLook:
    """When to look first for what usually takes about the same time, as this process has seen; used by many threads.

    A look says whether it was there. So each time it was, the next first look comes a little sooner, and each time it
    wasn't, some later: two of three first looks or more find it. Where what is found says when it came, a look that was
    much too late brings the next one forward by as large a step: after a burst, or a slow spell, a few calls suffice.
    """

    SOONER: Final = 0.015
    LATER: Final = 0.25
    BACK: Final = 0.5
    SEEN: Final = 0.01
    LEAST: Final = 0.005
    MOST: Final = 0.4

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def found(self, looks: int, waited: float, came: float | None = None) -> None:
        """Note that it was found by so many looks, the last one after ``waited`` seconds.

        ``came`` is after how many seconds it came by the clock of whoever brought it, None where nobody says so; it can
        be seen some ``SEEN`` seconds later.
        """
        if looks == 1:
            late = 0.0 if came is None else waited - max(came, 0.0) - self.SEEN
            step = -max(self.seconds * self.SOONER, late * self.BACK)
        else:
            step = (waited - self.seconds) * self.LATER
        self.seconds = min(max(self.seconds + step, self.LEAST), self.MOST)


class Waiting(Struct, frozen=True):
    """Polls a session until it has reached a state. ``codes`` is how long first codes took from their requests on."""

    store: SessionStore
    clock: Clock
    sleep: Sleep
    codes: Experience

    def until(
        self,
        session: Session,
        done: Callable[[Session | None], bool],
        *,
        seconds: float,
        pauses: Sequence[float] = PAUSES,
    ) -> Session | None:
        """Return the session as soon as it is ``done``, or as it stands after ``seconds``; None when it is gone."""
        ends = self.clock() + round(seconds * 1000)
        here: Session | None = session
        return Patience(self.clock, self.sleep, pauses).until(ends, here, lambda _: self.store.get(session.uid), done)

    def until_coded(
        self, session: Session, done: Callable[[Session | None], bool], *, seconds: float
    ) -> Session | None:
        """Wait like ``until`` for a code of the session's, which has been started: first when codes usually come."""
        pauses = self.codes.pauses(self.clock() - session.requested_at)
        current = self.until(session, done, seconds=seconds, pauses=pauses)
        first = current and current.status is Status.SCAN_QR and current.round == 1
        if current and first and session.status is not Status.SCAN_QR:
            self.codes.note(current.since - current.requested_at)
        return current

    def until_answered(self, session: Session) -> Session:
        """Wait for a final status that answers the owner's request, or for a newer request; return what stands."""
        current = self.until(
            session, lambda s: s is None or s.answered or s.generation != session.generation, seconds=PATIENCE
        )
        return current or session

    def until_gone(self, session: Session) -> bool:
        """Wait for the session to be removed; return whether it is."""
        return self.until(session, lambda s: s is None, seconds=PATIENCE) is None
