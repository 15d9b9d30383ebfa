"""Waiting for a state by polling, within the deadline of the call that waits.

API Gateway gives up on a call after 29 seconds and answers 504, whatever the call's outcome. So each call has a
deadline, which goes along with it beside its arguments (a context variable), and every wait ends there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain, repeat
from typing import Final, TypeVar

from msgspec import Struct

from chalicelib.domain.session import Session
from chalicelib.services.ports import Clock, SessionStore, Sleep

_answer_by: Final[ContextVar[int | None]] = ContextVar("answer_by", default=None)


@contextmanager
def answering_by(deadline: int) -> Iterator[None]:
    """Set the deadline of the call that this context serves (milliseconds since the Unix epoch)."""
    token = _answer_by.set(deadline)
    try:
        yield
    finally:
        _answer_by.reset(token)


def in_time(ends: int) -> int:
    """Return the earlier of ``ends`` and the call's deadline; both in milliseconds since the Unix epoch."""
    deadline = _answer_by.get()
    return ends if deadline is None else min(ends, deadline)


T = TypeVar("T")

PAUSES: Final = (0.1, 0.15, 0.25, 0.35, 0.5)
"""Seconds between looks at a session, the last one repeated."""
PATIENCE: Final = 8.0
"""Seconds that a call waits for a worker to do what its owner asked; the work goes on after the answer."""


class Patience(Struct, frozen=True):
    """How a call waits: its clock, its sleep, and the ``pauses`` (in seconds, the last one repeated) between looks."""

    clock: Clock
    sleep: Sleep
    pauses: Sequence[float]

    def until(self, ends: int, current: T, look: Callable[[T], T], done: Callable[[T], bool]) -> T:
        """Replace ``current`` by ``look(current)`` until it is ``done``, or the time is up; return it.

        ``ends`` is in milliseconds since the Unix epoch, or the call's deadline if that is earlier; the last pause ends
        there, and the last look follows it.
        """
        ends = in_time(ends)
        for pause in chain(self.pauses, repeat(self.pauses[-1])):
            left = (ends - self.clock()) / 1000
            if done(current) or left <= 0:
                break
            self.sleep(min(pause, left))
            current = look(current)
        return current


class Waiting(Struct, frozen=True):
    """Polls a session until it has reached a state."""

    store: SessionStore
    clock: Clock
    sleep: Sleep

    def until(self, session: Session, done: Callable[[Session | None], bool], *, seconds: float) -> Session | None:
        """Return the session as soon as it is ``done``, or as it stands after ``seconds``; None when it is gone."""
        ends = self.clock() + round(seconds * 1000)
        here: Session | None = session
        return Patience(self.clock, self.sleep, PAUSES).until(ends, here, lambda _: self.store.get(session.uid), done)

    def until_answered(self, session: Session) -> Session:
        """Wait for a final status that answers the owner's request, or for a newer request; return what stands."""
        current = self.until(
            session, lambda s: s is None or s.answered or s.generation != session.generation, seconds=PATIENCE
        )
        return current or session

    def until_gone(self, session: Session) -> bool:
        """Wait for the session to be removed; return whether it is."""
        return self.until(session, lambda s: s is None, seconds=PATIENCE) is None
