"""Moving a session: read, decide, write over the version that was read; again if somebody else was faster."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import Contended
from chalicelib.domain.events import LinkEvent
from chalicelib.domain.session import Session
from chalicelib.domain.transitions import advance
from chalicelib.services.ports import Clock, NewId, SessionStore

TRIES: Final = 12


@dataclass(frozen=True, slots=True)
class Moves:
    """The one way in which services change a session that stands."""

    sessions: SessionStore
    clock: Clock
    new_id: NewId

    def move(
        self, read: Callable[[], Session | None], decide: Callable[[Session], LinkEvent | None]
    ) -> tuple[Session | None, bool]:
        """Apply what ``decide`` returns for the session that ``read`` finds; return it, and whether it was moved.

        ``decide`` is asked afresh after each lost race, and returns None where nothing is to change. Raises
        Contended after a dozen lost races, and IllegalMove for an event that the table doesn't know.
        """
        for _ in range(TRIES):
            session = read()
            event = decide(session) if session else None
            if session is None or event is None:
                return session, False
            after = advance(session, event, now=self.clock(), event_id=self.new_id())
            if self.sessions.move(after):
                return after, True
        raise Contended("The session is being changed by others. Try again.")

    def report(self, session: Session, event: LinkEvent) -> Session | None:
        """Apply ``event`` to the version in hand; None, and nothing written, if it isn't the newest any more."""
        after = advance(session, event, now=self.clock(), event_id=self.new_id())
        return after if self.sessions.move(after) else None
