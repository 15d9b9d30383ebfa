"""Many sessions on one machine: connected again after ``kill -9`` of their workers, and created one after another."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from infra.bench.figures import Goal, GoalKind, Row
from infra.bench.linking import standby
from infra.bench.measuring import Bench, raw_network
from infra.local.client import Stack, eventually, expect, next_frame, processor_ms

MANY: Final = 5
RAW: Final = "raw clients, started again"
CREATES: Final = 50
WITHIN_S: Final = 60.0
SINGLE: Final = 5
"""Creates with a standby ready and nothing else going on, which the row of them is compared with."""


def _number(place: int) -> str:
    return f"6281115{place:05d}"


@dataclass
class AgainFigures:
    """Seconds of each run: the last session connected again, and the processor's time of the workers that did it."""

    took: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def report(bench: Bench) -> Iterator[Row]:
    """Kill what serves one session, and five, and yield the rows of how soon they are connected again."""
    cores = os.cpu_count() or 1
    for count, most in ((1, 1.0), (MANY, 2.5)):
        raw = tuple(_raw(bench, count))
        ours = AgainFigures()
        with bench.stack(f"again-{count}") as stack:
            numbers = [_number(place) for place in range(count)]
            for number in numbers:
                stack.link(number)
            for _ in range(bench.runs):
                _again(stack, numbers, ours)
        each = sum(ours.processor) / len(ours.processor) / count
        bound = each * count / min(cores, count)
        note = (
            f"at least {bound:.2f} s by the processor: {each:.2f} s of a worker's start, "
            f"times {count}, on {min(cores, count)} of {cores} cores"
        )
        name = f"{'one session' if count == 1 else f'{count} sessions'} connected again after kill -9 of all workers"
        yield Row("sessions", name, "s", tuple(ours.took), raw, RAW, Goal(GoalKind.AT_MOST, most), note=note)


def _again(stack: Stack, numbers: Sequence[str], figures: AgainFigures) -> None:
    standby(stack)
    with ExitStack() as open_, ThreadPoolExecutor(len(numbers)) as threads:
        watchers = [open_.enter_context(stack.watch(number)) for number in numbers]
        for watcher in watchers:
            # The first says how things stand.
            next_frame(watcher, "connected")
        killed = stack.workers()
        began = time.monotonic()
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
        list(threads.map(lambda watcher: next_frame(watcher, "connected"), watchers))
        figures.took.append(time.monotonic() - began)
        figures.processor.append(sum(processor_ms(worker) for worker in stack.serving()) / 1000)
    for number in numbers:
        stack.until(number, "CONNECTED")


def _raw(bench: Bench, count: int) -> Iterator[float]:
    """Start so many linked raw clients at once, each time; yield the seconds until all are connected."""
    state = bench.state / f"raw-again-{count}"
    with raw_network(state) as network:
        databases = [state / f"{place}.db" for place in range(count)]
        for place, database in enumerate(databases):
            with network.client(database) as alone:
                alone.link(_number(place))
                # The keys that it uploads after that are half of a pairing: it would begin with them again.
                time.sleep(1)
        for _ in range(bench.runs):
            with ExitStack() as open_, ThreadPoolExecutor(count) as threads:
                began = time.monotonic()
                clients = [open_.enter_context(network.client(database)) for database in databases]
                list(threads.map(lambda client: client.until("connected"), clients))
                yield time.monotonic() - began


def report_creates(bench: Bench) -> Iterator[Row]:
    """Create fifty sessions within a minute, each until its first code, beside single ones; yield the row."""
    with bench.stack("creates") as stack:
        single = []
        for place in range(SINGLE):
            standby(stack)
            single.append(_create(stack, f"single-{place}"))
            stack.delete(f"/sessions/single-{place}")
        standby(stack)
        ours = []
        began = time.monotonic()
        for place in range(CREATES):
            time.sleep(max(0.0, began + place * WITHIN_S / CREATES - time.monotonic()))
            ours.append(_create(stack, f"row-{place}"))
        took = time.monotonic() - began
    goal = Goal(GoalKind.OVER_LIMIT, 200)
    note = f"begun over {took:.0f} s; all stay and show codes"
    name = f"{CREATES} creates in a row, each to its first code"
    yield Row("creates", name, "ms", tuple(ours), tuple(single), "a single one, with a standby", goal, note=note)


def _create(stack: Stack, session: str) -> float:
    """Return the milliseconds of a create until its first code is there; the call's own wait may end before."""
    began = time.monotonic()
    created = stack.post("/sessions", {"sessionId": session})
    expect(created.ok, created.text)
    if not created.json()["qrCode"]:
        eventually(lambda: stack.get(f"/sessions/{session}/qr").json().get("qrCode"), every=0.02)
    return (time.monotonic() - began) * 1000
