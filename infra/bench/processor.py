"""The processor's time that the local stack takes, for its start, at rest and for a send, beside the raw client's."""

import time
from collections.abc import Callable, Iterator
from typing import Final

from infra.bench.figures import Row
from infra.bench.measuring import Alone, Bench, RawNetwork, raw_network
from infra.local.client import Phone, Stack, expect, processor_ms, send

SESSION: Final = "628111300001"
FRIEND: Final = "628777300001"
REST: Final = 10.0
"""Seconds at rest."""
SENDS: Final = 30
"""Messages a run."""
SETTLE: Final = 1.0
"""Seconds in which what a message sets off ends."""
LIMIT: Final = "raw client and its WhatsApp"
"""The local stack plays WhatsApp as well, so what the limit's takes counts too."""


def report(bench: Bench) -> Iterator[Row]:
    """Yield the rows: of the stack's process and of the session's worker together."""
    state = bench.state / "raw-processor"
    with raw_network(state) as network:
        began = time.monotonic()
        with network.client(state / "raw.db") as alone:
            alone.until("connecting")
            raw_start = time.monotonic() - began, processor_ms(alone.process.pid)
            alone.link(SESSION)
            yield from _compared(bench, network, alone, raw_start)


def _compared(bench: Bench, network: RawNetwork, alone: Alone, raw_start: tuple[float, float]) -> Iterator[Row]:
    began = time.monotonic()
    with bench.stack("processor", SEND_BURST="100000", SEND_PER_MINUTE="100000") as stack:
        yield Row(
            "processor",
            "start of a stack, until it is healthy",
            "s",
            (time.monotonic() - began,),
            (raw_start[0],),
            LIMIT,
        )
        yield Row("processor", "processor, start of a stack", "ms", (_spent(stack)[0],), (raw_start[1],), LIMIT)
        Phone(stack, FRIEND).switch_on()
        alone.phone(FRIEND, {})
        stack.link(SESSION)
        _send(stack, 5)
        _send_raw(alone, 5)
        yield _at_rest(stack, network, alone)
        ours, raw, notes = [], [], []
        for _ in range(bench.runs):
            of_stack, of_worker = _each(lambda: _spent(stack), lambda: _send(stack, SENDS))
            ours.append(of_stack + of_worker)
            notes.append(f"{of_stack:.0f} + {of_worker:.0f}")
            raw.append(sum(_each(lambda: _spent_raw(network, alone), lambda: _send_raw(alone, SENDS))))
    note = f"stack + worker: {', '.join(notes)}"
    yield Row("processor", "processor, a send", "ms", tuple(ours), tuple(raw), LIMIT, note=note)


def _at_rest(stack: Stack, network: RawNetwork, alone: Alone) -> Row:
    time.sleep(SETTLE)
    before, before_raw = _spent(stack), _spent_raw(network, alone)
    time.sleep(REST)
    ours = (sum(_spent(stack)) - sum(before)) / REST
    raw = (sum(_spent_raw(network, alone)) - sum(before_raw)) / REST
    return Row("processor", "processor, a second at rest, one session", "ms", (ours,), (raw,), LIMIT)


def _each(spent: Callable[[], tuple[float, float]], act: Callable[[], None]) -> tuple[float, float]:
    """Return what each of ``SENDS`` acts took of the two."""
    before = spent()
    act()
    time.sleep(SETTLE)
    after = spent()
    return (after[0] - before[0]) / SENDS, (after[1] - before[1]) / SENDS


def _send(stack: Stack, count: int) -> None:
    for number in range(count):
        answer = send(stack, SESSION, FRIEND, str(number))
        expect(answer.ok, answer.text)


def _send_raw(alone: Alone, count: int) -> None:
    for number in range(count):
        alone.do(to=FRIEND, text=str(number))
        alone.until("sent")


def _spent(stack: Stack) -> tuple[float, float]:
    """Return what the stack and the workers with a client took so far, in milliseconds."""
    process = stack.process
    return processor_ms(process.pid) if process else 0.0, sum(processor_ms(one) for one in stack.serving())


def _spent_raw(network: RawNetwork, alone: Alone) -> tuple[float, float]:
    return processor_ms(network.process.pid), processor_ms(alone.process.pid)
