"""How a worker waits: for its queue, for AWS to answer again, and for calls that never come back."""

import os
import signal
import threading
import time

import pytest

from chalicelib.domain.errors import Contended
from chalicelib.services.ports import Unavailable
from chalicelib.worker.waiting import (
    Bounded,
    EventQueue,
    Interrupted,
    Rung,
    Terminated,
    backoff,
    bounded,
    patiently,
)
from chalicelib.worker.whatsapp.client import CodesRanOutEvent, EndedEvent


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


def test_a_call_is_made_again_until_aws_answers() -> None:
    failures: list[Exception] = [Unavailable(), Contended("busy")]

    def call() -> str:
        if failures:
            raise failures.pop()
        return "answer"

    assert patiently(call, EventQueue()) == "answer"


def test_a_worker_that_is_to_end_waits_for_nobody() -> None:
    events = EventQueue()
    events.terminate()

    def call() -> str:
        raise Unavailable

    with pytest.raises(Interrupted):
        patiently(call, events)


def test_a_call_that_hangs_is_left_behind() -> None:
    hangs = threading.Event()
    assert bounded(hangs.wait, 0.05) is None
    hangs.set()


def test_while_a_call_hangs_no_other_is_made() -> None:
    hangs, calls = threading.Event(), []

    def call() -> int:
        calls.append(1)
        hangs.wait(10)
        return len(calls)

    ask = Bounded(call, 0.05)
    assert [ask(), ask(), ask()] == [None, None, None]
    assert calls == [1]
    hangs.set()
    while (answer := ask()) is None:
        pass
    assert answer == 2


def test_a_call_that_comes_back_is_answered() -> None:
    assert bounded(lambda: 7, 5) == 7


def test_failures_in_a_row_double_the_pause_and_chance_keeps_workers_apart() -> None:
    for failures, least in ((1, 1_000), (2, 2_000), (3, 4_000), (5, 16_000), (6, 30_000), (1_000, 30_000)):
        pauses = {backoff(failures) for _ in range(50)}
        assert least <= min(pauses) < max(pauses) < least * 1.5


def test_what_a_client_told_is_forgotten_and_what_others_did_isn_t() -> None:
    events = EventQueue()
    for happening in (CodesRanOutEvent(), Rung(), EndedEvent(None)):
        events.put(happening)
    events.terminate()
    events.forget_client()
    assert [events.next(0) for _ in range(3)] == [Rung(), Terminated(), None]
