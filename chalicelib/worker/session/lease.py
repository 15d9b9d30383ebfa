"""The worker's lease on its session: acquired, renewed, watched, and given back or handed over.

Theory of operation
-------------------
Two workers must never be connected as the same device: WhatsApp closes the older connection for the newer one, and both
would write what they think is true. Two things keep them apart.

The *epoch* says which claim is in force. Each claim on a session counts it up by one, in the conditional write that
notes the worker; everything that a worker writes carries its epoch, and the table refuses a write of an earlier one
(``Fenced``). So an old worker can do no harm in the table. But no table stands between it and WhatsApp.

The *lease* says that the claim's worker is alive. A worker acquires the lease before it opens the device, and connects
only while it holds it. It can be acquired once it was given back, or once it ran out: TTL after the last renewal, and
GRACE for clocks that differ. A lease is never taken from a later epoch.

A worker that can't prove that it holds the lease ends its process (exit code FENCED), and doesn't clean up: the client
library may hang, and so may the log. Two threads see to that. One renews; the other only watches the clock, so that a
renewal that hangs (a name lookup has no timeout) doesn't save the worker. They count from the moment at which the last
good renewal was *sent*, on the monotonic clock; others count from the moment at which it arrived, which is later. With
FENCE_AFTER < TTL the worker is therefore gone before anybody else may connect, whatever AWS does in between; a property
test goes through that. A process that was frozen is the exception: see ``service.comes_back``.

The process ends, not the session alone: nothing less surely ends the client's connection.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Lock, Thread
from typing import Final, NoReturn

from chalicelib.domain.lease import RENEW_EVERY, Lease, SessionClaim, fenced_in, renewal_due_in
from chalicelib.services.ports import Unavailable
from chalicelib.services.worker import WorkerServices
from chalicelib.worker import monotonic
from chalicelib.worker.handover import Handover
from chalicelib.worker.waiting import EventQueue, bounded

TAKES: Final = 45_000
"""Milliseconds that a worker tries for a lease that another one may still hold: longer than one lasts."""
PAUSE: Final = 0.5
"""Seconds between tries."""
RELEASES: Final = 3


def acquire(handover: Handover, claim: SessionClaim, services: WorkerServices, events: EventQueue) -> Handover | None:
    """Return ``handover`` with the lease acquired; None if a later claim has it, or if it never got free."""
    give_up_at = monotonic() + TAKES
    tried: list[Lease] = []
    while not events.terminated and monotonic() < give_up_at:
        sent, now = monotonic(), services.clock()
        tried.append(Lease.of(claim, now=now))
        try:
            taken, before = services.leases.acquire(tried[-1], now=now)
            if before and before.epoch > claim.epoch:
                return None
            if not taken and before in tried:
                # A try of this very process, whose answer got lost, had succeeded. A lease of the same claim that it
                # didn't try is another process's: a task that was started twice.
                taken, before = services.leases.renew(tried[-1]), None
        except Unavailable:
            taken, before = False, None
        if taken:
            lost = before is not None and not before.released
            ended = before.epoch if before and before.released and before.ended else None
            return replace(handover, renewed=sent, took_over_at=now if lost else None, ended=ended)
        time.sleep(PAUSE)
    return None


def renew(claim: SessionClaim, services: WorkerServices) -> bool:
    """Extend the lease; False if it isn't ours. Raises Unavailable."""
    return services.leases.renew(Lease.of(claim, now=services.clock()))


def release(claim: SessionClaim, services: WorkerServices, *, ended: bool) -> bool:
    """Give the lease back; False if AWS didn't answer: then it expires, or the end of the task releases it.

    ``ended`` says that nothing of the session goes on in this process.
    """
    for _ in range(RELEASES):
        try:
            services.leases.release(claim.uid, worker=claim.worker, epoch=claim.epoch, ended=ended)
        except Unavailable:
            continue
        return True
    return False


FENCED: Final = 70
"""Exit code of a worker that couldn't prove that it holds its lease."""
RETRY_AFTER: Final = 1_000
"""Milliseconds until a renewal that got no answer is sent again."""


def die() -> NoReturn:
    """End the process here and now: no client library, no log (its lock may be what hangs), no cleaning up."""
    os._exit(FENCED)


class LeaseKeeper:
    """Keeps the lease, and ends the process when that fails. ``renew`` returns False if somebody else holds it."""

    def __init__(
        self,
        renew: Callable[[], bool],
        *,
        renewed: int,
        monotonic: Callable[[], int] = monotonic,
        die: Callable[[], None] = die,
    ) -> None:
        self._renew = renew
        self._good = renewed
        self._monotonic = monotonic
        self._die = die
        self._one_at_a_time = Lock()
        self._over = Event()

    @property
    def renewed(self) -> int:
        """When the last good renewal was sent."""
        return self._good

    @property
    def late(self) -> bool:
        """Whether the lease may be somebody else's by now, even if nothing has ended the process yet."""
        return self._over.is_set() or fenced_in(self._good, self._monotonic()) <= 0

    def start(self) -> None:
        """Begin to renew and to watch."""
        Thread(target=self._loop, args=(self.renew_if_due,), name="lease", daemon=True).start()
        Thread(target=self._loop, args=(self.check,), name="lease-watch", daemon=True).start()

    def stop(self) -> None:
        """Let go: the lease is about to be released, or handed over to the next image of this process."""
        self._over.set()

    def check(self) -> int:
        """End the process if the last good renewal is too long ago; return in how many milliseconds it would be."""
        left = fenced_in(self._good, self._monotonic())
        if left <= 0 and not self._over.is_set():
            self._die()
        return left

    def renew_if_due(self) -> int:
        """Renew if it is time; return in how many milliseconds to come back."""
        left = renewal_due_in(self._good, self._monotonic())
        return left if left > 0 else self.renew()

    def renew(self) -> int:
        """Renew now; return in how many milliseconds to come back. A refusal ends the process."""
        with self._one_at_a_time:
            sent = self._monotonic()
            try:
                held = self._renew()
            except Exception:  # noqa: BLE001 - Unavailable, or what nobody expected: a thread that dies renews no more
                return RETRY_AFTER
            if not held and not self._over.is_set():
                self._die()
            self._good = sent
            return RENEW_EVERY

    def _loop(self, step: Callable[[], int]) -> None:
        while not self._over.wait(max(step(), 0) / 1000):
            pass


RELEASING_TAKES: Final = 10.0
"""Seconds to give it back in: nothing ends the worker for its lease any more, and a name lookup has no timeout."""


class HeldLease:
    """Begins with a lease that is held already; ends with ``release`` or ``hand_over``."""

    def __init__(self, claim: SessionClaim, services: WorkerServices, renewed: int) -> None:
        self._claim = claim
        self._services = services
        self._released = False
        self._keeper = LeaseKeeper(lambda: renew(claim, services), renewed=renewed)
        self._keeper.start()

    @property
    def late(self) -> bool:
        """Whether nothing may be done under the lease any more."""
        return self._keeper.late

    def renew(self) -> None:
        """Renew now; ends the process if somebody else holds the lease."""
        self._keeper.renew()

    def release(self, *, ended: bool = False) -> None:
        """Give the lease back, once: the session may be gone by the second time. ``ended`` is noted with it."""
        if not self._released:
            self._released = True
            self._keeper.stop()
            bounded(lambda: release(self._claim, self._services, ended=ended), RELEASING_TAKES)

    def hand_over(self, handover: Handover) -> Handover:
        """Renew, and return ``handover`` with the renewal that the next image counts from; this one goes on."""
        self._keeper.renew()
        return replace(handover, renewed=self._keeper.renewed, ended=self._claim.epoch)
