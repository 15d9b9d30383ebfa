"""The worker's desk: what it knows of its session, and where it reports."""

from collections.abc import Callable

from chalicelib.domain.errors import Fenced
from chalicelib.domain.events import LinkEvent
from chalicelib.domain.session import Session
from chalicelib.worker.inbox import Inbox
from chalicelib.worker.lease.tenure import is_ours
from chalicelib.worker.log import Log
from chalicelib.worker.order import Claim
from chalicelib.worker.parts import Parts
from chalicelib.worker.patience import patiently


class Desk:
    """Reads and reports under one claim, for as long as AWS takes to answer. Everything here may raise Fenced."""

    def __init__(self, session: Session, claim: Claim, parts: Parts, inbox: Inbox, log: Log) -> None:
        self.session = session
        self.claim = claim
        self.clock = parts.clock
        self._parts = parts
        self._inbox = inbox
        self._log = log

    def look(self) -> Session:
        """Read the session again; raises Fenced if it isn't this worker's any more."""
        session = patiently(lambda: self._parts.sessions.get(self.claim.uid), self._inbox)
        if session is None or not is_ours(session, self.claim):
            raise Fenced(f"epoch {self.claim.epoch} is over")
        self.session = session
        return session

    def report(self, event: LinkEvent) -> Session:
        """Report ``event`` and return the session as it stands then."""
        claim = self.claim
        return self._keep(
            event.type,
            lambda: self._parts.link.report(event, uid=claim.uid, worker=claim.worker, epoch=claim.epoch),
        )

    def scan_ended(self) -> Session:
        """Report that the client ran out of codes."""
        claim = self.claim
        return self._keep(
            "scan_ended",
            lambda: self._parts.link.report_scan_ended(uid=claim.uid, worker=claim.worker, epoch=claim.epoch),
        )

    def _keep(self, what: str, report: Callable[[], Session]) -> Session:
        self.session = patiently(report, self._inbox)
        self._log.info(what, status=str(self.session.status), reason=self.session.reason)
        return self.session
