"""A standby: waits in the pool until it is given a session."""

from contextlib import suppress
from dataclasses import replace
from typing import Final

from chalicelib.services.ports import Rejected, Standby, Unavailable
from chalicelib.services.worker import WorkerServices
from chalicelib.worker.events import EventQueue
from chalicelib.worker.handover import Handover
from chalicelib.worker.patience import bounded, patiently

ALIVE_FOR: Final = 30_000
"""Milliseconds that one sign of life is good for."""
SIGN_EVERY: Final = 10.0
"""Seconds between signs of life; each also finds an assignment whose ring was lost."""

LEAVING_TAKES: Final = 2.0
"""Seconds for AWS to take it out of the pool; else the end of its task does."""


def wait(handover: Handover, services: WorkerServices, events: EventQueue) -> Handover | None:
    """Return ``handover`` with the session that this standby was given; None if it isn't wanted any more."""
    worker = handover.order.worker
    while not events.terminated:
        until = services.clock() + ALIVE_FOR
        if not patiently(lambda until=until: services.standbys.renew(worker, until=until), events):  # type: ignore[misc]
            item = patiently(lambda: services.standbys.get(worker), events)
            if item is None:
                return None
            if item.uid is not None:
                return _given(handover, item)
        events.next(SIGN_EVERY)
    # So that nobody counts on it any more; if a session was quicker, its claim is made anew for want of a lease.
    bounded(lambda: _retire(worker, services), LEAVING_TAKES)
    return None


def let_go(handover: Handover, services: WorkerServices, events: EventQueue) -> Handover:
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
    return replace(handover, order=replace(handover.order, uid=item.uid, epoch=item.epoch))
