"""The fence: a worker that can't prove that it holds its lease ends itself, whatever its other threads are doing.

Two threads. One renews; the other only watches the clock, so that a renewal that hangs (a name lookup has no timeout)
doesn't save the worker. Measured on the monotonic clock from the moment the last good renewal was *sent*: others count
from when it arrived, which is later.
"""

import os
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final, NoReturn

from chalicelib.domain.lease import FENCE_AFTER, RENEW_EVERY
from chalicelib.worker.clock import monotonic

FENCED: Final = 70
"""Exit code of a worker that its fence ended."""
RETRY_AFTER: Final = 1_000
"""Milliseconds until a renewal that got no answer is sent again."""


def die() -> NoReturn:
    """End the process here and now: no client library, no log (its lock may be what hangs), no cleaning up."""
    os._exit(FENCED)


class Fence:
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
        return self._over.is_set() or self._monotonic() >= self._good + FENCE_AFTER

    def start(self) -> None:
        """Begin to renew and to watch."""
        Thread(target=self._loop, args=(self.renew_if_due,), name="lease", daemon=True).start()
        Thread(target=self._loop, args=(self.check,), name="fence", daemon=True).start()

    def stop(self) -> None:
        """Let go: the lease is about to be released, or handed over to the next image of this process."""
        self._over.set()

    def check(self) -> int:
        """End the process if the last good renewal is too long ago; return in how many milliseconds it would be."""
        left = self._good + FENCE_AFTER - self._monotonic()
        if left <= 0 and not self._over.is_set():
            self._die()
        return left

    def renew_if_due(self) -> int:
        """Renew if it is time; return in how many milliseconds to come back."""
        left = self._good + RENEW_EVERY - self._monotonic()
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
