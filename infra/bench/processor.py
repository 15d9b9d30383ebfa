"""The processor's time that the local stack takes: to start, at rest, and for a send."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra.local.client import Phone, Stack, expect, processor_ms, send

SESSION: Final = "628111300001"
FRIEND: Final = "628777300001"
REST: Final = 20.0
"""Seconds at rest."""
SENDS: Final = 30
"""Messages a run."""
SETTLE: Final = 1.0
"""Seconds in which what a message sets off ends."""


def report(state: Path, runs: int) -> Iterator[str]:
    """Yield the lines of the report: of the stack's process and of the session's worker, in milliseconds."""
    stack = Stack(state / "stack", {"SEND_BURST": "100000"})
    stack.start()
    try:
        yield f"{'processor, start of a stack':32} {_spent(stack)[0]:9.1f} ms"
        Phone(stack, FRIEND).switch_on()
        stack.link(SESSION)
        _send(stack, 5)
        time.sleep(SETTLE)
        before = _spent(stack)
        time.sleep(REST)
        yield _line("processor, a second at rest", before, _spent(stack), REST)
        for _ in range(runs):
            before = _spent(stack)
            _send(stack, SENDS)
            time.sleep(SETTLE)
            yield _line("processor, a send", before, _spent(stack), SENDS)
    finally:
        stack.stop()


def _send(stack: Stack, count: int) -> None:
    for number in range(count):
        answer = send(stack, SESSION, FRIEND, str(number))
        expect(answer.status_code == 200, answer.text)


def _spent(stack: Stack) -> tuple[float, float]:
    """Return what the stack and the workers with a client took so far, in milliseconds."""
    process = stack.process
    return processor_ms(process.pid) if process else 0.0, sum(processor_ms(one) for one in stack.serving())


def _line(name: str, before: tuple[float, float], after: tuple[float, float], share: float) -> str:
    mine, workers = ((late - early) / share for early, late in zip(before, after, strict=True))
    return f"{name:32} {mine:9.1f} ms   worker {workers:9.1f} ms"
