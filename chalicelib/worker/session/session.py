"""One session in a worker's process, from the claim on it to the ending of its service.

Everything that belongs to the session is made here and nowhere kept: lease, device, client, messages. Two of these live
side by side in one process and share nothing but the services. What belongs to the process (signals, the mailbox, the
heartbeat, re-execution) is the host's.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from chalicelib.domain.access import Tenant
from chalicelib.domain.errors import Fenced
from chalicelib.domain.events import Disconnected, LoggedOut, PairError
from chalicelib.domain.lease import SessionClaim, in_force
from chalicelib.domain.session import Desired, Reason, Status
from chalicelib.services.worker import WorkerServices
from chalicelib.worker.handover import BROKEN, DONE, FENCED, Again, Ending, Exit, Handover
from chalicelib.worker.linking.registration import USUAL, Appearance
from chalicelib.worker.log import Log
from chalicelib.worker.media.incoming import AWAITED, IncomingFiles
from chalicelib.worker.media.outgoing import OutgoingFiles
from chalicelib.worker.media.transfer import Transfer
from chalicelib.worker.session.answering import Answerer
from chalicelib.worker.session.device import Devices, Opened, Overtaken, Unreadable
from chalicelib.worker.session.lease import HeldLease, acquire
from chalicelib.worker.session.linking import OwnersLinking
from chalicelib.worker.session.messaging import Messaging
from chalicelib.worker.session.outcomes import Outcomes
from chalicelib.worker.session.receiving import Intake
from chalicelib.worker.session.recipients import Recipients
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.session.sending import Sender
from chalicelib.worker.session.service import Service
from chalicelib.worker.session.shutdown import Shutdown
from chalicelib.worker.session.spool import MESSAGES, RECEIPTS, Spool
from chalicelib.worker.session.timers import ChatTimers
from chalicelib.worker.session.tunnel import Tunnel
from chalicelib.worker.session.unsealing import Unsealer
from chalicelib.worker.session.wal_sync import WalSync
from chalicelib.worker.waiting import EventQueue, Interrupted, patiently
from chalicelib.worker.whatsapp.client import Client, Handlers, Incoming, MakeClient, ReadElsewhere
from chalicelib.worker.whatsapp.media_connection import MediaConnection


class WorkerSession:
    """Serves the session that ``claim`` names; ``events`` is the session's own queue.

    ``lapse`` ends the image of the process for one that goes on with the handover that it is given.
    """

    def __init__(
        self,
        handover: Handover,
        claim: SessionClaim,
        *,
        services: WorkerServices,
        devices: Devices,
        make_client: MakeClient,
        events: EventQueue,
        lapse: Callable[[Handover], object],
        log: Log,
    ) -> None:
        self._handover = handover
        self._claim = claim
        self._lapse = lapse
        self._services = services
        self._devices = devices
        self._make_client = make_client
        self._events = events
        self._log = log
        self._owner: Tenant | None = None

    def run(self) -> Ending | None:
        """Hold the lease and serve; None if the session isn't this worker's.

        Raises Interrupted if SIGTERM comes while AWS doesn't answer.
        """
        handover, claim = self._handover, self._claim
        if handover.lapsed:
            self._log.warning("lease_ran_out", uid=claim.uid, epoch=claim.epoch)
        held = handover if handover.renewed is not None else acquire(handover, claim, self._services, self._events)
        if held is None:
            return None
        lease = HeldLease(claim, self._services, held, lapse=self._lapse)
        if handover.renewed is not None:
            lease.renew()
        try:
            ending = self._serve_held(held, lease)
        except Overtaken as overtaken:
            self._log.warning("device_overtaken", uid=claim.uid, epoch=claim.epoch, why=str(overtaken))
            ending = Exit(FENCED)
        except Fenced:
            self._log.warning("fenced")
            ending = Exit(FENCED)
        except Interrupted:
            ending = Exit(DONE)
        if isinstance(ending, Again) and not self._events.terminated:
            return Again(lease.hand_over(ending.handover))
        # An Again closed nothing: the client may still be at work for a moment.
        lease.release(ended=isinstance(ending, Exit))
        return Exit(DONE) if isinstance(ending, Again) else ending

    def _serve_held(self, handover: Handover, lease: HeldLease) -> Ending | None:
        claim = self._claim
        tenant = handover.order.tenant
        situation = patiently(lambda: self._services.situations.read(claim.uid, tenant=tenant), self._events)
        session, self._owner = situation.session, situation.tenant
        if session is None or not in_force(claim, session):
            return None
        handover = replace(handover, order=replace(handover.order, tenant=session.tenant, session=session.id))
        log = self._log.about(tenant=session.tenant, session=session.id, uid=claim.uid, epoch=claim.epoch)
        log.info("serving", status=str(session.status), desired=str(session.desired), request_id=session.request)
        reporter = SessionReporter(session, claim, self._services, self._events, log)
        try:
            opened = self._devices.open(claim.uid, claim.epoch)
        except Unreadable:
            log.warning("device_unreadable")
            return self._part_without_client(reporter, lease)
        if self._handover.lapsed:
            self._report_lapse(reporter, linked=opened.linked)
        if not opened.linked and session.connected_at and session.device and session.desired is Desired.RUNNING:
            # The client deleted it when WhatsApp said so at a login, and the worker before us died before it told.
            reporter.report(LoggedOut(Reason.UNLINKED_FROM_PHONE))
            return Exit(DONE)
        while True:
            ending, remains = self._serve(handover, reporter, lease, opened, log)
            if remains or not isinstance(ending, Again) or self._events.terminated:
                return ending
            handover, opened = ending.handover, self._devices.open(claim.uid, claim.epoch)

    @staticmethod
    def _report_lapse(reporter: SessionReporter, *, linked: bool) -> None:
        """Tell what became of the client before, which nobody could tell at the time."""
        if reporter.session.status is Status.CONNECTED:
            reporter.report(Disconnected(Reason.CONNECTION_LOST))
        elif not linked:
            # The code that it showed, and the passkey that it waited for, are nobody's any more.
            reporter.report(PairError())

    def _serve(
        self, handover: Handover, reporter: SessionReporter, lease: HeldLease, opened: Opened, log: Log
    ) -> tuple[Ending, bool]:
        """Serve with one client; return the ending, and whether something of the client stays in this process."""
        wal_sync = WalSync(opened.database)
        outcomes = Outcomes(self._claim.uid, self._services.dispatch, self._events, log, ended=handover.ended)
        left = outcomes.settle(opened) if opened.linked else ()
        proxy = reporter.session.proxy
        tunnel = Tunnel(proxy, self._services.dialer, log) if proxy else None
        client, messaging = self._connecting(
            reporter, lease, opened, log, left=left, proxy=tunnel.url if tunnel else None
        )
        shutdown = Shutdown(reporter, lease, self._devices, wal_sync=wal_sync, client=client, messaging=messaging)
        service = Service(
            handover=handover,
            reporter=reporter,
            lease=lease,
            events=self._events,
            devices=self._devices,
            client=client,
            messaging=messaging,
            shutdown=shutdown,
            wal_sync=wal_sync,
            owners_acts=OwnersLinking(client, reporter, self._services.answering, self._events, log),
            linked=opened.linked,
            tunnel=tunnel,
        )
        try:
            ending = self._ended(service, shutdown)
        finally:
            if tunnel:
                tunnel.close()
        remains = client.leaves_remains
        if isinstance(ending, Again):
            messaging.stop()
            if not remains:
                client.disconnect()
                self._events.forget_client()
        return ending, remains

    def _connecting(
        self,
        reporter: SessionReporter,
        lease: HeldLease,
        opened: Opened,
        log: Log,
        *,
        left: Collection[str],
        proxy: str | None,
    ) -> tuple[Client, Messaging]:
        """Return a client over the opened device, and what goes on with its messages; neither has begun.

        ``left`` are WhatsApp's ids of messages that may have left under an earlier worker. What came in and isn't in
        the table is kept beside the device. Files go through ``proxy``, a CONNECT proxy's address, if there is one.
        """

        def media_connection() -> MediaConnection:
            return client.media_connection()

        def refused() -> bool:
            # Asked on the client's thread: no message of an account that isn't to be linked is kept.
            return client.linked_as is not None and reporter.session.refuses(client.linked_as)

        uid, home, services = self._claim.uid, opened.database.parent, self._services
        people, transfer, timers = Recipients(uid, services.identities, log), Transfer(proxy), ChatTimers()
        answerer = Answerer(reporter, lease, services.answering, self._events, log, people=people)
        sender = Sender(
            reporter,
            lease,
            services.dispatch,
            self._events,
            log,
            people=people,
            media=OutgoingFiles(uid, services.media, transfer, media_connection),
            spool=Spool(home, RECEIPTS),
            timers=timers,
            left=left,
        )
        files = IncomingFiles(reporter, services.media, transfer, Spool(home, AWAITED), log)
        intake = Intake(
            reporter,
            services.inbox.receive,
            Spool(home, MESSAGES),
            log,
            media=files,
            unseal=Unsealer(services.inbox).open,
            read=services.inbox.read,
            refused=refused,
        )

        def came_in(incoming: Incoming | ReadElsewhere) -> None:
            if isinstance(incoming, Incoming):
                timers.hear(incoming.received)
            intake.keep(incoming)

        handlers = Handlers(self._events.put, came_in, sender.receipt)
        appearance = USUAL if opened.linked else self._appearance(reporter.session.tenant)
        client = self._make_client(
            opened.database, handlers, linking=not opened.linked, proxy=proxy, appearance=appearance
        )
        session = reporter.session
        fresh = session.linked_at is None and session.connected_at is None and session.device is None
        return client, Messaging(client, (answerer, sender), intake, files, fresh=fresh)

    def _appearance(self, tenant: str) -> Appearance:
        """Return how the tenant wants its devices to look."""
        found = self._owner or patiently(lambda: self._services.tenants.get(tenant), self._events)
        return Appearance(found.device_name, found.device_type) if found else USUAL

    @staticmethod
    def _ended(service: Service, shutdown: Shutdown) -> Ending:
        try:
            ending = service.run()
        except (Fenced, Interrupted):
            shutdown.close()
            raise
        if isinstance(ending, Exit):
            shutdown.close()
        return ending

    def _part_without_client(self, reporter: SessionReporter, lease: HeldLease) -> Ending:
        """End where the stored device can't be read: it can still be removed, though WhatsApp isn't told."""
        if reporter.session.desired not in {Desired.UNLINKED, Desired.DELETED}:
            return Exit(BROKEN)
        nothing = self._devices.root / reporter.claim.uid / "none"
        return Shutdown(reporter, lease, self._devices, wal_sync=WalSync(nothing)).gone(confirmed=False)
