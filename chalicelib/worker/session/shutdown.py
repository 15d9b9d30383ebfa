"""The shutdown of a session's service: stopped, unlinked or deleted as its owner asked, or the process ends."""

from typing import Final

from chalicelib.domain import events as e
from chalicelib.domain.session import Desired, Device, Reason
from chalicelib.worker import monotonic
from chalicelib.worker.handover import DONE, Exit
from chalicelib.worker.session.device import Devices
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.messaging import Messaging
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.session.wal_sync import WalSync
from chalicelib.worker.waiting import bounded
from chalicelib.worker.whatsapp.client import Client

LOGOUT_TAKES: Final = 30_000
"""Milliseconds for connecting and unlinking together; then the device is removed here, and "unconfirmed" recorded."""


class Shutdown:
    """Ends the session's service; each way at most once."""

    def __init__(
        self,
        reporter: SessionReporter,
        lease: HeldLease,
        devices: Devices,
        *,
        wal_sync: WalSync,
        client: Client | None = None,
        messaging: Messaging | None = None,
    ) -> None:
        self._reporter = reporter
        self._lease = lease
        self._devices = devices
        self._client = client
        self._messaging = messaging
        self._wal_sync = wal_sync
        self._closed = False
        self.deadline: int | None = None

    def close(self) -> None:
        """Close the socket and put the device's state on the disk."""
        if not self._closed:
            self._closed = True
            if self._messaging:
                self._messaging.hang_up()
            self._wal_sync.settle()

    def stop(self) -> Exit:
        """Stop as the owner asked; the linked device stays."""
        self.close()
        self._reporter.report(e.Stopped())
        return Exit(DONE)

    def begin(self, *, linked: bool, online: bool) -> Exit | None:
        """Begin to unlink; None while the client must still connect for that."""
        if self._messaging:
            self._messaging.stop()
        if not linked:
            # The session has a device, but its keys are gone: another worker unlinked it, and its report was lost.
            # Whether WhatsApp confirmed the unlinking isn't known.
            return self.gone(confirmed=self._reporter.session.device is None)
        if self.deadline is None:
            self.deadline = monotonic() + LOGOUT_TAKES
        return self.log_out() if online else None

    def log_out(self) -> Exit:
        """Unlink over the client's open connection, in the time that is left."""
        client, left = self._client, (self.deadline or 0) - monotonic()
        confirmed = bounded(client.logout, max(left, 0) / 1000) if client else None
        return self.gone(confirmed=bool(confirmed))

    def turn_away(self, device: Device) -> Exit:
        """Unlink the device of an account that the session isn't for, just linked and online, and forget its keys."""
        if self._messaging:
            self._messaging.stop()
        confirmed = bounded(self._client.logout, LOGOUT_TAKES / 1000) if self._client else None
        self._closed = True
        if self._messaging:
            self._messaging.hang_up()
        self._devices.forget(self._reporter.claim.uid, self._reporter.claim.epoch)
        reason = Reason.PHONE_MISMATCH if confirmed else Reason.PHONE_MISMATCH_UNCONFIRMED
        self._reporter.report(e.LoggedOut(reason, phone=device.phone))
        return Exit(DONE)

    def gone(self, *, confirmed: bool) -> Exit:
        """Remove what is stored of the device and report that; for a deletion everything that is stored."""
        self._closed = True
        if self._messaging:
            self._messaging.hang_up()
        uid = self._reporter.claim.uid
        if self._reporter.session.desired is Desired.DELETED:
            self._devices.erase(uid)
            # Released first: the report lets everything be removed, and a release after that would leave an orphan.
            self._lease.release()
            self._reporter.report(e.Erased(confirmed=confirmed))
        else:
            self._devices.forget(uid, self._reporter.claim.epoch)
            self._reporter.report(e.Unlinked(confirmed=confirmed))
        return Exit(DONE)
