"""Messages: a send call, and a phone's text on its way to who waits for it, at the gateway and in the raw client."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.bench.measuring import Alone, raw_client, row
from infra.local.client import Phone, Stack, expect, next_frame, send

SESSION: Final = "628111300001"
FRIEND: Final = "628777300001"
WARM: Final = 5
"""Messages before the measured ones: the first to somebody needs their keys."""
EACH: Final = 10
"""Messages a run and a direction."""
PAUSE: Final = 0.1
"""Seconds between two: one message at a time is what is measured, not a queue of them."""


@dataclass
class MessageFigures:
    """Milliseconds of each message."""

    sends: list[float] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)


def report(state: Path, runs: int) -> Iterator[str]:
    """Let both chat in turn, ``runs`` times, and yield the lines of the report."""
    ours, raw = MessageFigures(), MessageFigures()
    stack = Stack(state / "stack", {"SEND_BURST": "100000"})
    stack.start()
    try:
        phone = Phone(stack, FRIEND).switch_on()
        stack.link(SESSION)
        with raw_client(state / "raw") as alone:
            alone.phone("scan", {"code": alone.until("qr")["code"], "number": SESSION})
            alone.until("connected")
            alone.phone(FRIEND, {})
            for number in range(runs + 1):
                # The first run is for warmth.
                _gateway(stack, phone, ours if number else MessageFigures(), EACH if number else WARM)
                _raw_client(alone, raw if number else MessageFigures(), EACH if number else WARM)
    finally:
        stack.stop()
    yield row("send call to acknowledged", ours.sends, raw.sends)
    yield row("phone's text to watcher", ours.arrivals, raw.arrivals)


def _gateway(stack: Stack, phone: Phone, figures: MessageFigures, count: int) -> None:
    for number in range(count):
        figures.sends.append(_timed(lambda n=number: _send(stack, str(n))))  # type: ignore[misc]
    with stack.watch(SESSION) as watcher:
        for number in range(count):

            def arrive(text: str = str(number)) -> None:
                phone.say(SESSION, text)
                next_frame(watcher, "message")

            figures.arrivals.append(_timed(arrive))


def _send(stack: Stack, text: str) -> None:
    answer = send(stack, SESSION, FRIEND, text)
    expect(answer.status_code == 200, answer.text)


def _raw_client(alone: Alone, figures: MessageFigures, count: int) -> None:
    for number in range(count):
        alone.do(to=FRIEND, text=str(number))
        figures.sends.append(alone.until("sent")["ms"])
        time.sleep(PAUSE)
    for number in range(count):

        def arrive(text: str = str(number)) -> None:
            alone.phone(f"{FRIEND}/say", {"to": SESSION, "text": text})
            alone.until("message")

        figures.arrivals.append(_timed(arrive))


def _timed(act: Callable[[], None]) -> float:
    began = time.monotonic()
    act()
    took = (time.monotonic() - began) * 1000
    time.sleep(PAUSE)
    return took
