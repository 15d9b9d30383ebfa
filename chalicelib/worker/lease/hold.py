"""The lease, held: renewed and fenced until it is given back or handed over."""

from dataclasses import replace
from typing import Final

from chalicelib.worker.lease.fence import Fence
from chalicelib.worker.lease.tenure import release, renew
from chalicelib.worker.order import Claim, Handover
from chalicelib.worker.parts import Parts
from chalicelib.worker.patience import bounded

RELEASING_TAKES: Final = 10.0
"""Seconds to give it back in: no fence ends the worker any more, and a name lookup has no timeout."""


class Hold:
    """Begins with a lease that is held already; ends with ``release`` or ``hand_over``."""

    def __init__(self, claim: Claim, parts: Parts, renewed: int) -> None:
        self._claim = claim
        self._parts = parts
        self._released = False
        self._fence = Fence(lambda: renew(claim, parts), renewed=renewed)
        self._fence.start()

    @property
    def late(self) -> bool:
        """Whether nothing may be done under the lease any more."""
        return self._fence.late

    def renew(self) -> None:
        """Renew now; ends the process if somebody else holds the lease."""
        self._fence.renew()

    def release(self) -> None:
        """Give the lease back, once: the session may be gone by the second time."""
        if not self._released:
            self._released = True
            self._fence.stop()
            bounded(lambda: release(self._claim, self._parts), RELEASING_TAKES)

    def hand_over(self, handover: Handover) -> Handover:
        """Renew, and return ``handover`` with what the next image's fence counts from. This fence goes on till then."""
        self._fence.renew()
        return replace(handover, renewed=self._fence.renewed)
