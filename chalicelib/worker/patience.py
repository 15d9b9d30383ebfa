"""Calls that fail for a while, and calls that never come back."""

import random
import time
from collections.abc import Callable
from threading import Thread
from typing import Final, Generic, TypeVar

from chalicelib.domain.errors import Contended
from chalicelib.services.ports import Unavailable
from chalicelib.worker.events import EventQueue

T = TypeVar("T")

FIRST: Final = 0.2
LONGEST: Final = 2.0


class Interrupted(Exception):
    """SIGTERM came while AWS didn't answer."""


def patiently(call: Callable[[], T], events: EventQueue) -> T:
    """Return what ``call`` returns, calling it again while AWS doesn't answer: only a lost lease ends a worker.

    Raises Interrupted once the worker is to end anyway, and Rejected at once: no repetition mends that.
    """
    pause = FIRST
    while True:
        try:
            return call()
        except (Unavailable, Contended):
            if events.terminated:
                raise Interrupted from None
            time.sleep(pause)
            pause = min(pause * 2, LONGEST)


def bounded(call: Callable[[], T], seconds: float) -> T | None:
    """Return what ``call`` returns, or None if that takes longer than ``seconds``: its thread is then left behind."""
    return Bounded(call, seconds)()


class Bounded(Generic[T]):
    """A call that may hang, made on a thread of its own; while one hangs, no other is made."""

    def __init__(self, call: Callable[[], T], seconds: float) -> None:
        self._call = call
        self._seconds = seconds
        self._thread: Thread | None = None

    def __call__(self) -> T | None:
        """Return what the call returns, or None if that takes longer, or raises."""
        if self._thread and self._thread.is_alive():
            return None
        answers: list[T] = []
        self._thread = Thread(target=lambda: answers.append(self._call()), name="bounded", daemon=True)
        self._thread.start()
        self._thread.join(self._seconds)
        return answers[0] if answers else None


def backoff(failures: int) -> int:
    """Milliseconds to wait after ``failures`` failures in a row: 1 s, doubling, 30 s at the most, and a little more.

    Up to half as much again, by chance: when WhatsApp comes back, not all workers shall come at once.
    """
    least = min(1_000 << min(max(failures - 1, 0), 5), 30_000)
    return least + random.randrange(least // 2)  # noqa: S311 - chance keeps them apart, nobody shall be surprised
