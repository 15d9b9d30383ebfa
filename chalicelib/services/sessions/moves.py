"""Moving a session: read, decide, write over the version that was read; for its owner and for its worker."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import Contended, Fenced
from chalicelib.domain.events import LinkEvent
from chalicelib.domain.session import Session
from chalicelib.domain.transitions import NEXT, advance, scan_ended
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


@dataclass(frozen=True, slots=True)
class Link:
    """The worker's side of a session's life."""

    moves: Moves

    def report(self, event: LinkEvent, *, uid: str, worker: str, epoch: int) -> Session:
        """Write ``event``; one that the table has no row for changes nothing. Return the session as it stands.

        Raises Fenced if another claim is in force, or the session is gone: the worker must end.
        """
        return self._move(lambda session: event if (session.status, type(event)) in NEXT else None, uid, worker, epoch)

    def report_scan_ended(self, *, uid: str, worker: str, epoch: int) -> Session:
        """Write that all codes expired unscanned: another round follows, or the start is over (see the status)."""

        def ended(session: Session) -> LinkEvent | None:
            event = scan_ended(session)
            return event if (session.status, type(event)) in NEXT else None

        return self._move(ended, uid, worker, epoch)

    def _move(self, decide: Callable[[Session], LinkEvent | None], uid: str, worker: str, epoch: int) -> Session:
        def decide_if_mine(session: Session) -> LinkEvent | None:
            if (session.worker, session.epoch) != (worker, epoch):
                raise Fenced(f"epoch {session.epoch} is in force, not {epoch}")
            return decide(session)

        session, _ = self.moves.move(lambda: self.moves.sessions.get(uid), decide_if_mine)
        if session is None:
            raise Fenced("the session is gone")
        return session
