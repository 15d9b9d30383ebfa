"""From the lease to its release: the time in which this process may serve a session."""

import time
from dataclasses import replace
from typing import Final

from chalicelib.domain.lease import TTL, Lease
from chalicelib.domain.session import LIVE, Session, Status
from chalicelib.services.ports import Unavailable
from chalicelib.worker.clock import monotonic
from chalicelib.worker.inbox import Inbox
from chalicelib.worker.order import Claim, Handover
from chalicelib.worker.parts import Parts

TAKES: Final = 45_000
"""Milliseconds that a worker tries for a lease that another one may still hold: longer than one lasts."""
PAUSE: Final = 0.5
"""Seconds between tries."""
RELEASES: Final = 3


def take(handover: Handover, claim: Claim, parts: Parts, inbox: Inbox) -> Handover | None:
    """Return ``handover`` with the lease taken; None if a later claim has it, or if it never got free."""
    give_up_at = monotonic() + TAKES
    tried: list[Lease] = []
    while not inbox.terminated and monotonic() < give_up_at:
        sent, now = monotonic(), parts.clock()
        tried.append(_lease(claim, now))
        try:
            taken, before = parts.leases.acquire(tried[-1], now=now)
            if before and before.epoch > claim.epoch:
                return None
            if not taken and before in tried:
                # A try of this very process, whose answer got lost, had succeeded. A lease of the same claim that it
                # didn't try is another process's: a task that was started twice.
                taken, before = parts.leases.renew(tried[-1]), None
        except Unavailable:
            taken, before = False, None
        if taken:
            lost = before is not None and not before.released
            return replace(handover, renewed=sent, took_over_at=now if lost else None)
        time.sleep(PAUSE)
    return None


def renew(claim: Claim, parts: Parts) -> bool:
    """Extend the lease; False if it isn't ours. Raises Unavailable."""
    return parts.leases.renew(_lease(claim, parts.clock()))


def release(claim: Claim, parts: Parts) -> bool:
    """Give the lease back; False if AWS didn't answer: then it expires, or the end of the task releases it."""
    for _ in range(RELEASES):
        try:
            parts.leases.release(claim.uid, worker=claim.worker, epoch=claim.epoch)
        except Unavailable:
            continue
        return True
    return False


def is_ours(session: Session | None, claim: Claim) -> bool:
    """Whether ``claim`` is the one in force on ``session``, and there is something to serve."""
    if session is None or (session.worker, session.epoch) != (claim.worker, claim.epoch):
        return False
    return session.status in LIVE or session.status is Status.DELETING


def _lease(claim: Claim, now: int) -> Lease:
    return Lease(uid=claim.uid, worker=claim.worker, epoch=claim.epoch, until=now + TTL)
