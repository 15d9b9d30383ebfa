"""A session's messages, from its client's first connection to the last: sent, answered and received, side by side."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from chalicelib.services.worker import WorkerServices
from chalicelib.worker.log import Log
from chalicelib.worker.media.incoming import AWAITED, IncomingFiles
from chalicelib.worker.media.outgoing import OutgoingFiles
from chalicelib.worker.media.transfer import Transfer
from chalicelib.worker.session.answering import Answerer
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.receiving import Intake
from chalicelib.worker.session.recipients import Recipients
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.session.sending import Sender
from chalicelib.worker.session.spool import MESSAGES, RECEIPTS, Spool
from chalicelib.worker.session.unsealing import Unsealer
from chalicelib.worker.waiting import EventQueue, bounded
from chalicelib.worker.whatsapp import client as c
from chalicelib.worker.whatsapp.errors import NotSent
from chalicelib.worker.whatsapp.media_connection import MediaConnection

CLOSING_TAKES: Final = 2.0
"""Seconds for the client to close its socket; the end of the process closes it anyway."""
SETTLING_TAKES: Final = 2.0
"""Seconds for what the client still had to be written; the rest is the next worker's, from the file."""


class Messaging:
    """Sender, answerer and intake of one client, which keep what came in and isn't in the table in ``home``.

    ``left`` are WhatsApp's ids of messages that may have left under an earlier worker.
    Files go through ``proxy``, a CONNECT proxy's address, if there is one.
    """

    def __init__(
        self,
        reporter: SessionReporter,
        lease: HeldLease,
        services: WorkerServices,
        events: EventQueue,
        log: Log,
        *,
        home: Path,
        left: Collection[str] = (),
        proxy: str | None = None,
    ) -> None:
        self._reporter = reporter
        self._events = events
        people = Recipients(reporter.claim.uid, services.identities, log)
        transfer, uid = Transfer(proxy), reporter.claim.uid
        outgoing = OutgoingFiles(uid, services.media, transfer, self._media_connection)
        self._sender = Sender(
            reporter,
            lease,
            services.dispatch,
            events,
            log,
            people=people,
            media=outgoing,
            spool=Spool(home, RECEIPTS),
            left=left,
        )
        self._files = IncomingFiles(reporter, services.media, transfer, Spool(home, AWAITED), log)
        self._workers = (Answerer(reporter, lease, services.answering, events, log, people=people), self._sender)
        self._intake = Intake(
            reporter,
            services.inbox.receive,
            Spool(home, MESSAGES),
            log,
            media=self._files,
            unseal=Unsealer(services.inbox).open,
        )
        self._client: c.Client | None = None
        self._refused = False

    def emit(self, event: c.ClientEvent | c.Mail) -> None:
        """Take an event from the client, in the client's thread."""
        if isinstance(event, c.PairSuccessEvent | c.ConnectedEvent):
            # Known here, on the client's thread, before the first message of an account that isn't to be linked.
            self._refused = self._reporter.session.refuses(event.device)
        match event:
            case c.Incoming() if self._refused:
                return
            case c.Incoming():
                self._intake.keep(event)
            case c.ReceiptEvent():
                self._sender.receipt(event)
            case _:
                self._events.put(event)

    def begin(self, client: c.Client) -> None:
        """Begin to connect, and to send and to answer once that is allowed."""
        self._client = client
        self._files.start()
        self._intake.start()
        for worker in self._workers:
            worker.start(client)
        client.connect()

    def allow(self, *, online: bool) -> None:
        """Say whether the session is connected: only then is anything sent or asked."""
        for worker in self._workers:
            worker.allow(online=online)

    def ring(self) -> None:
        """Say that there may be something to send, or to answer."""
        for worker in self._workers:
            worker.ring()

    def stop(self) -> None:
        """Send and answer nothing more."""
        for worker in self._workers:
            worker.stop()

    def hang_up(self) -> None:
        """Send and answer nothing more, close the socket, and keep what had come in by then, receipts too."""
        self.stop()
        if self._client:
            bounded(self._client.disconnect, CLOSING_TAKES)
            self._intake.settle(SETTLING_TAKES)
            self._sender.settle(SETTLING_TAKES)
            self._files.close()

    def _media_connection(self) -> MediaConnection:
        if self._client is None:
            raise NotSent
        return self._client.media_connection()
