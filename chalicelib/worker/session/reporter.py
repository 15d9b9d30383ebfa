"""Reading and reporting on a session under one claim, and the client's events as link events."""

from collections.abc import Callable
from typing import Final

from chalicelib.domain import events as e
from chalicelib.domain.errors import Fenced
from chalicelib.domain.events import LinkEvent
from chalicelib.domain.lease import SessionClaim, in_force
from chalicelib.domain.session import Reason, Session
from chalicelib.services.worker import WorkerServices
from chalicelib.worker.log import Log
from chalicelib.worker.waiting import EventQueue, patiently
from chalicelib.worker.whatsapp import client as c

REFUSED: Final = {403: Reason.ACCOUNT_LOCKED, 406: Reason.ACCOUNT_BANNED}
"""What WhatsApp means by the codes with which it unlinks a device besides 401, for the account's own sake."""


def translate(event: c.ClientEvent, now: int) -> e.LinkEvent | None:  # noqa: C901 - one case an event
    """Return what ``event`` means for the session; None where that depends on more than the event.

    ``now`` is in milliseconds since the Unix epoch. A code is drawn first; a linking's further steps may have somebody
    who waits for them; a refused connection says when it is tried again; "replaced" may be a worker that came back from
    the dead; the end of ``connect`` depends on what was before it.
    """
    match event:
        case c.PairSuccessEvent(device=device):
            return e.PairSuccess(device)
        case c.PairErrorEvent():
            return e.PairError()
        case c.ConnectedEvent(device=device) | c.KeepAliveRestoredEvent(device=device):
            return e.Connected(device)
        case c.DisconnectedEvent() | c.KeepAliveTimeoutEvent():
            return e.Disconnected(Reason.CONNECTION_LOST)
        case c.LoggedOutEvent(code=code):
            return e.AccountRefused(REFUSED[code]) if code in REFUSED else e.LoggedOut(Reason.UNLINKED_FROM_PHONE)
        case c.ClientOutdatedEvent():
            return e.ClientOutdated()
        case c.RegistrationRefusedEvent():
            return e.RegistrationRefused()
        case c.TemporaryBanEvent(code=code, seconds=seconds):
            return e.TemporaryBan(code, now + seconds * 1000 if seconds > 0 else None)
        case c.PasskeyEndedEvent(why=Reason.PASSKEY_REFUSED):
            return e.PasskeyRefused()
        case c.PasskeyEndedEvent(why=why):
            return e.PasskeyLapsed(why)
        case c.QREvent() | c.CodesRanOutEvent() | c.StreamReplacedEvent() | c.ConnectFailureEvent() | c.EndedEvent():
            return None
        case c.PairingCodeEvent() | c.PairingCodeEndedEvent() | c.PasskeyRequestEvent() | c.PasskeyCodeEvent():
            return None


class SessionReporter:
    """Reads and reports under one claim, for as long as AWS takes to answer. Everything here may raise Fenced."""

    def __init__(
        self, session: Session, claim: SessionClaim, services: WorkerServices, events: EventQueue, log: Log
    ) -> None:
        self.session = session
        self.claim = claim
        self.clock = services.clock
        self._services = services
        self._events = events
        self._log = log

    def look(self) -> Session:
        """Read the session again; raises Fenced if it isn't this worker's any more."""
        session = patiently(lambda: self._services.sessions.get(self.claim.uid), self._events)
        if session is None or not in_force(self.claim, session):
            raise Fenced(f"epoch {self.claim.epoch} is over")
        self.session = session
        return session

    def report(self, event: LinkEvent) -> Session:
        """Report ``event`` and return the session as it stands then."""
        claim, known = self.claim, self.session
        return self._keep(
            event.type,
            lambda: self._services.reports.report(
                event, uid=claim.uid, worker=claim.worker, epoch=claim.epoch, known=known
            ),
        )

    def scan_ended(self) -> Session:
        """Report that the client ran out of codes."""
        claim = self.claim
        return self._keep(
            "scan_ended",
            lambda: self._services.reports.report_scan_ended(uid=claim.uid, worker=claim.worker, epoch=claim.epoch),
        )

    def _keep(self, what: str, report: Callable[[], Session]) -> Session:
        self.session = patiently(report, self._events)
        self._log.info(
            what, status=str(self.session.status), reason=self.session.reason, request_id=self.session.request
        )
        return self.session
