"""The worker's queue."""

import os
import signal
import threading
import time

from chalicelib.worker.events import EventQueue, Rung, Terminated


def test_what_happened_comes_in_order() -> None:
    inbox = EventQueue()
    inbox.put(Rung())
    inbox.terminate()
    assert [inbox.next(1), inbox.next(1), inbox.next(0)] == [Rung(), Terminated(), None]


def test_a_signal_wakes_who_waits() -> None:
    inbox = EventQueue()
    before = signal.signal(signal.SIGUSR1, lambda *_: inbox.terminate())
    try:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        began = time.monotonic()
        assert inbox.next(10) == Terminated()
        assert time.monotonic() - began < 5
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert inbox.terminated
