"""The worker's queue."""

import os
import signal
import threading
import time

from chalicelib.worker.events import EventQueue, Rung, Terminated


def test_what_happened_comes_in_order() -> None:
    events = EventQueue()
    events.put(Rung())
    events.terminate()
    assert [events.next(1), events.next(1), events.next(0)] == [Rung(), Terminated(), None]


def test_a_signal_wakes_who_waits() -> None:
    events = EventQueue()
    before = signal.signal(signal.SIGUSR1, lambda *_: events.terminate())
    try:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        began = time.monotonic()
        assert events.next(10) == Terminated()
        assert time.monotonic() - began < 5
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert events.terminated
