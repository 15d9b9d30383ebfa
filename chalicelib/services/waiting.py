"""Waiting for the world to follow a wish: polls that start quick and grow slower, bounded in time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.session import Session
from chalicelib.services.ports import Clock, SessionStore, Sleep

FIRST_POLL: Final = 0.1
SLOWEST_POLL: Final = 0.5
PATIENCE: Final = 8.0
"""Seconds that a call waits for a worker to do what its owner asked; it goes on without the caller."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Reads a session again and again."""

    store: SessionStore
    clock: Clock
    sleep: Sleep

    def until(self, session: Session, done: Callable[[Session | None], bool], *, seconds: float) -> Session | None:
        """Return the session as soon as it is ``done``, or as it stands after ``seconds``; None when it is gone."""
        current: Session | None = session
        for _ in self._ticks(seconds):
            if done(current):
                return current
            current = self.store.get(session.uid)
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

    def _ticks(self, seconds: float) -> Iterator[None]:
        """Yield until time is up, sleeping between; the first comes at once, the last after the last sleep."""
        end = self.clock() + round(seconds * 1000)
        pause = FIRST_POLL
        yield
        while (left := (end - self.clock()) / 1000) > 0:
            self.sleep(min(pause, left))
            pause = min(pause * 1.5, SLOWEST_POLL)
            yield
