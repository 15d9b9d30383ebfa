"""Calls that fail for a while, and calls that never come back."""

import time
from collections.abc import Callable
from threading import Thread
from typing import Final, TypeVar

from chalicelib.domain.errors import Contended
from chalicelib.services.ports import Unavailable
from chalicelib.worker.inbox import Inbox

T = TypeVar("T")

FIRST: Final = 0.2
LONGEST: Final = 2.0


class Interrupted(Exception):
    """SIGTERM came while AWS didn't answer."""


def patiently(call: Callable[[], T], inbox: Inbox) -> T:
    """Return what ``call`` returns, calling it again while AWS doesn't answer: only the fence ends a worker for that.

    Raises Interrupted once the worker is to end anyway.
    """
    pause = FIRST
    while True:
        try:
            return call()
        except (Unavailable, Contended):
            if inbox.terminated:
                raise Interrupted from None
            time.sleep(pause)
            pause = min(pause * 2, LONGEST)


def bounded(call: Callable[[], T], seconds: float) -> T | None:
    """Return what ``call`` returns, or None if that takes longer than ``seconds``: its thread is then left behind."""
    answers: list[T] = []
    thread = Thread(target=lambda: answers.append(call()), name="bounded", daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else None


def backoff(failures: int) -> int:
    """Milliseconds to wait after ``failures`` failures in a row: 1 s, doubling, 30 s at the most."""
    return min(1_000 << min(max(failures - 1, 0), 5), 30_000)
