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

A worker that can't prove that it holds the lease ends the image of its process, and doesn't clean up: the client
library may hang, and so may the log. Two threads see to that. One renews; the other only watches the clock, so that a
renewal that hangs (a name lookup has no timeout) doesn't save the client. They count from the moment at which the last
good renewal was *sent*, on the monotonic clock; others count from the moment at which it arrived, which is later. With
FENCE_AFTER < TTL the client is therefore gone before anybody else may connect, whatever AWS does in between; a property
test goes through that. A process that was frozen is the exception: see ``service.comes_back``.

The image ends, not the session alone: nothing less surely ends the client's connection. What comes after it depends on
what is known:

- The lease is another's, or was given back: the process ends (exit code FENCED).
- Nobody knows, since the table can't be reached: the process re-executes itself (``handover.lapse``), and the next
  image waits, without a client, for as long as AWS doesn't answer. The task lives on, so that no other is needed when
  the table is back. Then the image renews the lease if it is still this process's own, which a number says that the
  process drew and hands over, or acquires it as any worker does that the claim names. If the session was claimed anew
  meanwhile, the image finds that out before it opens the device, and ends.

Who claims a session anew calls the worker first (``domain.lease``), which answers by holding the lease again.
"""

import os
import random
import secrets
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Lock, Thread
from typing import Final, NoReturn

from chalicelib.domain.lease import RENEW_EVERY, Lease, SessionClaim, fenced_in, renewal_due_in
from chalicelib.services.ports import Rejected, Unavailable
from chalicelib.services.worker import WorkerServices
from chalicelib.worker import monotonic
from chalicelib.worker.handover import FENCED, Handover
from chalicelib.worker.waiting import EventQueue, bounded

TAKES: Final = 45_000
"""Milliseconds that a worker tries for a lease that another one may still hold: longer than one lasts."""
PAUSE: Final = 0.5
"""Seconds between tries."""
LONGEST_PAUSE: Final = 3.0
"""Seconds between tries at the most while AWS doesn't answer: when it does again, all workers come."""
RELEASES: Final = 3
HOLDER_BITS: Final = 53
"""Bits of a holder's number: as many as any reader of the table takes for an exact number."""


def acquire(handover: Handover, claim: SessionClaim, services: WorkerServices, events: EventQueue) -> Handover | None:
    """Return ``handover`` with the lease acquired; None if a later claim has it, or if it never got free.

    While AWS doesn't answer, nothing is known, and nothing given up. Where the lease has run out, neither is it for a
    refusal: this worker was allowed what it asks for. Else raises Rejected.
    """
    passing = (Unavailable, Rejected) if handover.lapsed else Unavailable
    handover = replace(handover, holder=handover.holder or secrets.randbits(HOLDER_BITS))
    give_up_at = monotonic() + TAKES
    pause = PAUSE
    while not events.terminated and monotonic() < give_up_at:
        sent, now = monotonic(), services.clock()
        mine = Lease.of(claim, holder=handover.holder, now=now)
        try:
            taken, before = services.leases.acquire(mine, now=now)
            if before and before.epoch > claim.epoch:
                return None
            if not taken and before and before.same_hold(mine):
                # A try whose answer got lost had succeeded, or the image before this one held it. A lease of the same
                # claim with another holder is another process's: a task that was started twice.
                taken = services.leases.renew(mine)
        except passing:
            pause = min(pause * 2, LONGEST_PAUSE)
            # By chance: they shall not all come at once either.
            events.pause(random.uniform(PAUSE, pause))  # noqa: S311
            give_up_at = monotonic() + TAKES
            continue
        if taken:
            return _acquired(handover, claim, before, sent=sent, now=now)
        pause = PAUSE
        events.pause(pause)
    return None


def _acquired(handover: Handover, claim: SessionClaim, before: Lease | None, *, sent: int, now: int) -> Handover:
    """Return ``handover`` with the lease acquired by a try that was ``sent`` then, where ``before`` had stood."""
    held = replace(handover, renewed=sent, took_over_at=None, ended=None, lapsed=False)
    if before is None:
        return held
    if before.holder == handover.holder:
        # Nobody served the session since this process held the lease; the image that held it has ended.
        return replace(held, took_over_at=handover.took_over_at, ended=claim.epoch if handover.lapsed else None)
    if before.released:
        return replace(held, ended=before.epoch if before.ended else None)
    return replace(held, took_over_at=now)


def renew(claim: SessionClaim, services: WorkerServices, *, holder: int) -> bool:
    """Extend the lease; False if it isn't ours. Raises Unavailable."""
    return services.leases.renew(Lease.of(claim, holder=holder, now=services.clock()))


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


RETRY_AFTER: Final = 1_000
"""Milliseconds until a renewal that got no answer is sent again."""


def die() -> NoReturn:
    """End the process here and now: no client library, no log (its lock may be what hangs), no cleaning up."""
    os._exit(FENCED)


class LeaseKeeper:
    """Keeps the lease, and ends the image of the process when that fails.

    ``renew`` returns False if somebody else holds the lease: then ``die`` is called, and ``lapse`` where nobody answers
    for too long. Neither returns.
    """

    def __init__(
        self,
        renew: Callable[[], bool],
        *,
        renewed: int,
        lapse: Callable[[], object],
        monotonic: Callable[[], int] = monotonic,
        die: Callable[[], None] = die,
    ) -> None:
        self._renew = renew
        self._good = renewed
        self._lapse = lapse
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
        """End the image if the last good renewal is too long ago; return in how many milliseconds it would be."""
        left = fenced_in(self._good, self._monotonic())
        if left <= 0 and not self._over.is_set():
            self._lapse()
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
    """Begins with a lease that is held already; ends with ``release`` or ``hand_over``, or else by ``lapse``."""

    def __init__(
        self, claim: SessionClaim, services: WorkerServices, held: Handover, *, lapse: Callable[[Handover], object]
    ) -> None:
        without = replace(held, renewed=None, ended=claim.epoch, lapsed=True)
        self._claim = claim
        self._services = services
        self._released = False
        self._keeper = LeaseKeeper(
            lambda: renew(claim, services, holder=held.holder),
            renewed=held.renewed if held.renewed is not None else monotonic(),
            lapse=lambda: lapse(without),
        )
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
