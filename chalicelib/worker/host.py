"""The worker from its order to its ending: waits if it is a standby, takes the lease, serves, gives the lease back."""

from dataclasses import replace

from chalicelib.domain.errors import Fenced
from chalicelib.domain.events import LoggedOut
from chalicelib.domain.session import Desired, Reason
from chalicelib.worker import standby
from chalicelib.worker.clock import monotonic
from chalicelib.worker.ending import BROKEN, DONE, NOTHING_TO_DO, Again, Ending, Exit
from chalicelib.worker.events import EventQueue
from chalicelib.worker.log import Log
from chalicelib.worker.mailbox import Listener
from chalicelib.worker.order import Claim, Handover
from chalicelib.worker.parts import Parts
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

    def __init__(self, parts: Parts, devices: Devices, make_client: MakeClient, inbox: EventQueue, log: Log) -> None:
        self._parts = parts
        self._devices = devices
        self._make_client = make_client
        self._inbox = inbox
        self._log = log

    def run(self, handover: Handover) -> Ending:
        """Do what ``handover`` orders; return how this image of the process is to end."""
        self._log = self._log.about(worker=handover.order.worker)
        listener = Listener(self._parts.mailbox, handover.order.mailbox, self._inbox, self._log)
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
                given = standby.wait(handover, self._parts, self._inbox)
                if given is None:
                    return Exit(DONE)
                handover = given
                continue
            ending = self._claimed(handover, claim)
            if ending is not None:
                return ending
            if not handover.standby:
                return Exit(DONE if self._inbox.terminated else NOTHING_TO_DO)
            handover = standby.let_go(handover, self._parts, self._inbox)

    def _claimed(self, handover: Handover, claim: Claim) -> Ending | None:
        """Hold the lease and serve; None if the session isn't this worker's."""
        held = handover if handover.renewed is not None else tenure.take(handover, claim, self._parts, self._inbox)
        if held is None:
            return None
        hold = HeldLease(claim, self._parts, held.renewed if held.renewed is not None else monotonic())
        if handover.renewed is not None:
            hold.renew()
        try:
            ending = self._hold(held, claim, hold)
        except Fenced:
            self._log.warning("fenced")
            ending = Exit(FENCED)
        except Interrupted:
            ending = Exit(DONE)
        if isinstance(ending, Again) and not self._inbox.terminated:
            return Again(hold.hand_over(ending.handover))
        hold.release()
        return Exit(DONE) if isinstance(ending, Again) else ending

    def _hold(self, handover: Handover, claim: Claim, hold: HeldLease) -> Ending | None:
        session = patiently(lambda: self._parts.sessions.get(claim.uid), self._inbox)
        if session is None or not tenure.is_ours(session, claim):
            return None
        if handover.standby:
            patiently(lambda: self._parts.standbys.serve(claim.worker, uid=claim.uid, epoch=claim.epoch), self._inbox)
        handover = replace(handover, order=replace(handover.order, tenant=session.tenant, session=session.id))
        log = self._log.about(tenant=session.tenant, session=session.id, uid=claim.uid, epoch=claim.epoch)
        log.info("serving", status=str(session.status), desired=str(session.desired))
        desk = SessionReporter(session, claim, self._parts, self._inbox, log)
        try:
            opened = self._devices.open(claim.uid, claim.epoch)
        except Unreadable:
            log.warning("device_unreadable")
            return self._part_without_client(desk, hold)
        if not opened.linked and session.connected_at and session.device and session.desired is Desired.RUNNING:
            # The client deleted it when WhatsApp said so at a login, and the worker before us died before it told.
            desk.report(LoggedOut(Reason.UNLINKED_FROM_PHONE))
            return Exit(DONE)
        return self._serve(handover, desk, hold, opened, log)

    def _serve(self, handover: Handover, desk: SessionReporter, hold: HeldLease, opened: Opened, log: Log) -> Ending:
        wal_sync = WalSync(opened.database)
        talk = Messaging(desk, hold, self._parts, self._inbox, log, home=opened.database.parent)
        client = self._make_client(opened.database, talk.emit, linking=not opened.linked)
        parting = Shutdown(desk, hold, self._devices, wal_sync=wal_sync, client=client, talk=talk)
        service = Service(
            handover=handover,
            desk=desk,
            hold=hold,
            inbox=self._inbox,
            devices=self._devices,
            client=client,
            talk=talk,
            parting=parting,
            wal_sync=wal_sync,
            linked=opened.linked,
        )
        try:
            ending = service.run()
        except (Fenced, Interrupted):
            parting.close()
            raise
        if isinstance(ending, Exit):
            parting.close()
        else:
            talk.stop()
        return ending

    def _part_without_client(self, desk: SessionReporter, hold: HeldLease) -> Ending:
        """End where the stored device can't be read: it can still be removed, though WhatsApp isn't told."""
        if desk.session.desired not in {Desired.UNLINKED, Desired.DELETED}:
            return Exit(BROKEN)
        nothing = self._devices.root / desk.claim.uid / "none"
        return Shutdown(desk, hold, self._devices, wal_sync=WalSync(nothing)).gone(confirmed=False)
