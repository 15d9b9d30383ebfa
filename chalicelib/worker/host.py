"""The worker's process around its session: waits in the pool as a standby, serves, and ends.

A session's service knows nothing of the process: it gets its events from a queue of its own and says by its ending what
is to become of the process. So a host may hold several sessions; today each holds one.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from chalicelib.services.ports import Rejected, Standby, Unavailable
from chalicelib.services.worker import WorkerServices
from chalicelib.worker.handover import BROKEN, DONE, NOTHING_TO_DO, Again, Ending, Exit, Handover
from chalicelib.worker.log import Log
from chalicelib.worker.session.device import Devices
from chalicelib.worker.session.session import WorkerSession
from chalicelib.worker.waiting import EventQueue, Interrupted, Listener, bounded, patiently
from chalicelib.worker.whatsapp.client import MakeClient

ALIVE_FOR: Final = 30_000
"""Milliseconds that one sign of life is good for."""
SIGN_EVERY: Final = 10.0
"""Seconds between signs of life; each also finds an assignment whose ring was lost."""

LEAVING_TAKES: Final = 2.0
"""Seconds for AWS to take it out of the pool; else the end of its task does."""


def wait_for_session(handover: Handover, services: WorkerServices, events: EventQueue) -> Handover | None:
    """Return ``handover`` with the session that this standby was given; None if it isn't wanted any more."""
    worker = handover.order.worker
    while not events.terminated:
        until = services.clock() + ALIVE_FOR
        waits, item = patiently(lambda until=until: services.standbys.renew(worker, until=until), events)  # type: ignore[misc]
        if not waits and item is None:
            return None
        if item is not None and item.uid is not None:
            return _given(handover, item)
        events.next(SIGN_EVERY)
    # So that nobody counts on it any more; if a session was quicker, its claim is made anew for want of a lease.
    bounded(lambda: _retire(worker, services), LEAVING_TAKES)
    return None


def give_back_session(handover: Handover, services: WorkerServices, events: EventQueue) -> Handover:
    """Give back a session that turned out to be another worker's, and return the order of an idle standby."""
    claim = handover.claim
    if claim:
        patiently(lambda: services.standbys.free(claim.worker, uid=claim.uid, epoch=claim.epoch), events)
    order = replace(handover.order, tenant=None, session=None, uid=None, epoch=None)
    return Handover(order, standby=True)


def _retire(worker: str, services: WorkerServices) -> None:
    with suppress(Unavailable, Rejected):
        services.standbys.retire(worker)


def _given(handover: Handover, item: Standby) -> Handover:
    return replace(handover, order=replace(handover.order, tenant=item.tenant, uid=item.uid, epoch=item.epoch))


class Host:
    """One worker; ``make_client`` makes the WhatsApp client of a session.

    ``lapse`` ends the image of the process, for one that goes on with the handover that it is given.
    """

    def __init__(
        self,
        services: WorkerServices,
        devices: Devices,
        make_client: MakeClient,
        events: EventQueue,
        log: Log,
        *,
        lapse: Callable[[Handover], object],
    ) -> None:
        self._services = services
        self._devices = devices
        self._make_client = make_client
        self._events = events
        self._log = log
        self._lapse = lapse

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
                given = wait_for_session(handover, self._services, self._events)
                if given is None:
                    return Exit(DONE)
                handover = given
                continue
            session = WorkerSession(
                handover,
                claim,
                services=self._services,
                devices=self._devices,
                make_client=self._make_client,
                events=self._events,
                lapse=self._lapse,
                log=self._log,
            )
            ending = session.run()
            if ending is not None:
                return ending
            if not handover.standby:
                return Exit(DONE if self._events.terminated else NOTHING_TO_DO)
            handover = give_back_session(handover, self._services, self._events)
