"""Moving a session (read, decide, write over the version that was read), and why a request about one is refused."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from chalicelib.domain.errors import (
    AlreadyConnected,
    AlreadyLinked,
    Contended,
    Fenced,
    GatewayError,
    PasskeyRequired,
    SessionDeleting,
    SessionDisabled,
    SessionFailed,
    SessionNotConnected,
    SessionNotFound,
    SessionStopped,
)
from chalicelib.domain.events import LinkEvent
from chalicelib.domain.session import Desired, Session, Status, linked, news
from chalicelib.domain.transitions import NEXT, advance, scan_ended
from chalicelib.services.ports import Clock, NewId, SessionStore

TRIES: Final = 12


class Moves(Struct, frozen=True):
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
            if self.sessions.move(after, before=session):
                return after, True
        raise Contended("The session is being changed by others. Try again.")

    def report(self, session: Session, event: LinkEvent) -> Session | None:
        """Apply ``event`` to the version in hand; None, and nothing written, if it isn't the newest any more."""
        after = advance(session, event, now=self.clock(), event_id=self.new_id())
        return after if self.sessions.move(after, before=session) else None


class WorkerReports(Struct, frozen=True):
    """The way in which a worker changes its session: under the claim that it was started for."""

    moves: Moves

    def report(self, event: LinkEvent, *, uid: str, worker: str, epoch: int, known: Session | None = None) -> Session:
        """Write ``event``; one that the table has no row for changes nothing. Return the session as it stands.

        ``known`` is the session as the worker saw it last: as a rule nobody has moved it since, and it need not be read
        again. The write is refused if somebody has, and then it is. Raises Fenced if another claim is in force, or the
        session is gone: the worker must end.
        """

        def decide(session: Session) -> LinkEvent | None:
            return event if (session.status, type(event)) in NEXT else None

        if known and (known.worker, known.epoch) == (worker, epoch) and decide(known):
            after = self.moves.report(known, event)
            if after:
                return after
        return self._move(decide, uid, worker, epoch)

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


DELETING_TAKES: Final = 5
"""Seconds after which it is worth asking again whether a session is gone."""


def found(session: Session | None, session_id: str) -> Session:
    """Return the session; raises SessionNotFound, which names the id, for None."""
    if session is None:
        raise SessionNotFound(f"There is no session '{session_id}'.", field="id")
    return session


def deleting(session: Session) -> SessionDeleting:
    """Return the error for a session that is being deleted."""
    return SessionDeleting(
        f"The session '{session.id}' is being deleted.",
        field="id",
        hint="Try again when it is gone.",
        retry_after=DELETING_TAKES,
        session=session,
    )


def why_no_code(session: Session) -> GatewayError | None:
    """Return why no code will come for ``session`` as it stands; None if one may."""
    match session.status:
        case Status.DELETING:
            return deleting(session)
        case Status.CONNECTED | Status.PAIRING:
            return AlreadyConnected("The session is linked already: there is nothing to scan.", session=session)
        case Status.DISCONNECTED:
            return AlreadyConnected(
                "The session is linked, and reconnecting: there is nothing to scan.", session=session
            )
        case Status.PASSKEY_REQUIRED if session.answered or session.live:
            return PasskeyRequired(session.message or "", session=session)
        case Status.FAILED if session.answered:
            return SessionFailed(session.message or "", session=session)
        case _ if session.desired is not Desired.RUNNING or session.answered:
            return SessionStopped(
                news(session.reason, session.message) or "The session isn't running.",
                hint="Connect it first.",
                session=session,
            )
        case _:
            return None


def must_be_unlinked(session: Session) -> None:
    """Raise AlreadyLinked if the session has an account, connected or not, or is just getting one."""
    if linked(session) or session.status is Status.PAIRING:
        raise AlreadyLinked(
            "An account is linked to the session already.", hint="Log it out to link another.", session=session
        )


def must_be_enabled(session: Session) -> None:
    """Raise SessionDisabled if the session's owner has switched it off."""
    if not session.enabled:
        raise SessionDisabled("The session is switched off.", hint="Set 'enabled' to true.", field="enabled")


def must_be_connected(session: Session) -> None:
    """Raise SessionDisabled or SessionNotConnected if the session can't reach WhatsApp as it stands."""
    must_be_enabled(session)
    if session.status is Status.CONNECTED and session.desired is Desired.RUNNING:
        return
    starting = session.status is Status.STARTING and session.desired is Desired.RUNNING
    otherwise = "It is starting: try again in a moment." if starting else "Connect it."
    raise SessionNotConnected(
        "The session isn't connected to WhatsApp.",
        hint=news(session.reason, session.message) or f"{otherwise} If it isn't linked, scan its QR code.",
        session=session,
    )
