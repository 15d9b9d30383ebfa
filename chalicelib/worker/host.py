"""The worker from its order to its ending: waits if it is a standby, takes the lease, serves, gives the lease back."""

from dataclasses import replace

from chalicelib.domain.errors import Fenced
from chalicelib.domain.events import LoggedOut
from chalicelib.domain.order import SessionClaim
from chalicelib.domain.session import Desired, Reason
from chalicelib.services.worker import WorkerServices
from chalicelib.worker import standby
from chalicelib.worker.clock import monotonic
from chalicelib.worker.ending import BROKEN, DONE, NOTHING_TO_DO, Again, Ending, Exit
from chalicelib.worker.events import EventQueue
from chalicelib.worker.handover import Handover
from chalicelib.worker.log import Log
from chalicelib.worker.mailbox import Listener
from chalicelib.worker.patience import Interrupted, patiently
from chalicelib.worker.session import lease as tenure
from chalicelib.worker.session.device import Devices, Opened, Unreadable
from chalicelib.worker.session.lease import FENCED, HeldLease
from chalicelib.worker.session.messaging import Messaging
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.session.service import Service
from chalicelib.worker.session.shutdown import Shutdown
from chalicelib.worker.session.wal_sync import WalSync
from chalicelib.worker.whatsapp.client import MakeClient


class Host:
    """One worker; ``make_client`` makes its WhatsApp client."""

    def __init__(
        self, services: WorkerServices, devices: Devices, make_client: MakeClient, events: EventQueue, log: Log
    ) -> None:
        self._services = services
        self._devices = devices
        self._make_client = make_client
        self._events = events
        self._log = log

    def run(self, handover: Handover) -> Ending:
        """Do what ``handover`` orders; return how this image of the process is to end."""
        self._log = self._log.about(worker=handover.order.worker)
        listener = Listener(self._services.mailbox, handover.order.mailbox, self._events, self._log)
        listener.start()
        try:
            ending = self._run(handover)
        except Interrupted:
            ending = Exit(DONE)
        except Exception:  # noqa: BLE001 - whatever it was: here it is told whose worker it was
            self._log.warning("broken")
            ending = Exit(BROKEN)
        if isinstance(ending, Again):
            listener.stop()
        self._log.info("ends", **({"code": ending.code} if isinstance(ending, Exit) else {"again": True}))
        return ending

    def _run(self, handover: Handover) -> Ending:
        while True:
            claim = handover.claim
            if claim is None:
                given = standby.wait(handover, self._services, self._events)
                if given is None:
                    return Exit(DONE)
                handover = given
                continue
            ending = self._claimed(handover, claim)
            if ending is not None:
                return ending
            if not handover.standby:
                return Exit(DONE if self._events.terminated else NOTHING_TO_DO)
            handover = standby.let_go(handover, self._services, self._events)

    def _claimed(self, handover: Handover, claim: SessionClaim) -> Ending | None:
        """Hold the lease and serve; None if the session isn't this worker's."""
        held = handover if handover.renewed is not None else tenure.take(handover, claim, self._services, self._events)
        if held is None:
            return None
        lease = HeldLease(claim, self._services, held.renewed if held.renewed is not None else monotonic())
        if handover.renewed is not None:
            lease.renew()
        try:
            ending = self._serve_held(held, claim, lease)
        except Fenced:
            self._log.warning("fenced")
            ending = Exit(FENCED)
        except Interrupted:
            ending = Exit(DONE)
        if isinstance(ending, Again) and not self._events.terminated:
            return Again(lease.hand_over(ending.handover))
        lease.release()
        return Exit(DONE) if isinstance(ending, Again) else ending

    def _serve_held(self, handover: Handover, claim: SessionClaim, lease: HeldLease) -> Ending | None:
        session = patiently(lambda: self._services.sessions.get(claim.uid), self._events)
        if session is None or not tenure.is_ours(session, claim):
            return None
        if handover.standby:
            patiently(
                lambda: self._services.standbys.serve(claim.worker, uid=claim.uid, epoch=claim.epoch), self._events
            )
        handover = replace(handover, order=replace(handover.order, tenant=session.tenant, session=session.id))
        log = self._log.about(tenant=session.tenant, session=session.id, uid=claim.uid, epoch=claim.epoch)
        log.info("serving", status=str(session.status), desired=str(session.desired))
        reporter = SessionReporter(session, claim, self._services, self._events, log)
        try:
            opened = self._devices.open(claim.uid, claim.epoch)
        except Unreadable:
            log.warning("device_unreadable")
            return self._part_without_client(reporter, lease)
        if not opened.linked and session.connected_at and session.device and session.desired is Desired.RUNNING:
            # The client deleted it when WhatsApp said so at a login, and the worker before us died before it told.
            reporter.report(LoggedOut(Reason.UNLINKED_FROM_PHONE))
            return Exit(DONE)
        return self._serve(handover, reporter, lease, opened, log)

    def _serve(
        self, handover: Handover, reporter: SessionReporter, lease: HeldLease, opened: Opened, log: Log
    ) -> Ending:
        wal_sync = WalSync(opened.database)
        messaging = Messaging(reporter, lease, self._services, self._events, log, home=opened.database.parent)
        client = self._make_client(opened.database, messaging.emit, linking=not opened.linked)
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
            linked=opened.linked,
        )
        try:
            ending = service.run()
        except (Fenced, Interrupted):
            shutdown.close()
            raise
        if isinstance(ending, Exit):
            shutdown.close()
        else:
            messaging.stop()
        return ending

    def _part_without_client(self, reporter: SessionReporter, lease: HeldLease) -> Ending:
        """End where the stored device can't be read: it can still be removed, though WhatsApp isn't told."""
        if reporter.session.desired not in {Desired.UNLINKED, Desired.DELETED}:
            return Exit(BROKEN)
        nothing = self._devices.root / reporter.claim.uid / "none"
        return Shutdown(reporter, lease, self._devices, wal_sync=WalSync(nothing)).gone(confirmed=False)
