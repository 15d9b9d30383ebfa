"""Linking: call to first code, and scan to connected, at a watcher and in the raw client, and the memory that it takes.

A standby has nothing to do, so it has loaded the client library by then, whichever linker it has.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.bench.figures import Goal, GoalKind, Row
from infra.bench.measuring import Bench, memory, most_memory, raw_client, syncs
from infra.local.client import Stack, eventually, next_frame, open_files

LINKERS: Final = ("own", "library")
HISTORY: Final = 50_000
"""Messages that a phone tells a new device of: an account of some years."""
STORED: Final = 8_000_000
"""Bytes of the device's store that say that the library has taken that history in."""
RAW: Final = "raw client"


@dataclass
class LinkingFigures:
    """Milliseconds and MB of each run, and fsyncs of the last."""

    code: list[float] = field(default_factory=list)
    connected: list[float] = field(default_factory=list)
    showing: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    syncs: int | None = None


def report(bench: Bench) -> Iterator[Row]:
    """Link with the linker that is used where nobody chooses, and in the raw client in turn; yield the rows."""
    ours, raw = LinkingFigures(), LinkingFigures()
    with bench.stack("linking") as stack:
        for number in range(bench.runs):
            _gateway(stack, f"62811100{number:04d}", ours)
            _raw_client(bench.state / f"raw-{number}", f"62822200{number:04d}", raw)
    yield from _rows("linking", ours, raw)


def report_linkers(bench: Bench) -> Iterator[Row]:
    """Link with each linker, count the disk's syncs, and let one take in a long history; yield the rows."""
    for linker in LINKERS:
        part, ours, raw = f"linking by {linker}", LinkingFigures(), LinkingFigures()
        most = None
        with bench.stack(linker, LINKER=linker) as stack:
            for number in range(bench.runs):
                _gateway(stack, f"62811100{number:04d}", ours)
                _raw_client(bench.state / f"raw-{linker}-{number}", f"62822200{number:04d}", raw)
            _counted(stack, "628333000001", ours)
            if linker == LINKERS[0]:
                most = _with_history(stack, "628333000002")
        yield from _rows(part, ours, raw)
        if ours.syncs is not None:
            yield Row(part, "fsyncs of a pairing", "", (ours.syncs,))
        if most is not None:
            goal = Goal(GoalKind.AT_MOST, 400)
            yield Row(part, f"most memory, linked with {HISTORY:,} messages", "MB", (most,), goal=goal)


def _rows(part: str, ours: LinkingFigures, raw: LinkingFigures) -> Iterator[Row]:
    for name, unit, mine, theirs, goal in (
        ("connect call to first code", "ms", ours.code, raw.code, Goal(GoalKind.OVER_LIMIT, 200)),
        ("scan to connected", "ms", ours.connected, raw.connected, None),
        ("memory while a code shows", "MB", ours.showing, raw.showing, None),
        ("memory of a linked worker", "MB", ours.memory, raw.memory, Goal(GoalKind.AT_MOST, 95)),
    ):
        yield Row(part, name, unit, tuple(mine), tuple(theirs), RAW, goal)


def _gateway(stack: Stack, number: str, figures: LinkingFigures) -> None:
    stack.post("/api/sessions", {"phone": number})
    worker = standby(stack)
    with stack.watch(number) as watcher:
        began = time.monotonic()
        stack.post(f"/api/sessions/{number}/connect")
        next_frame(watcher, "qr")
        figures.code.append((time.monotonic() - began) * 1000)
        code = stack.code(number)
        figures.showing.append(memory(worker))
        began = time.monotonic()
        stack.scan(code, number)
        next_frame(watcher, "connected")
        figures.connected.append((time.monotonic() - began) * 1000)
    time.sleep(1)
    figures.memory.append(memory(worker))
    stack.delete(f"/api/sessions/{number}")


def standby(stack: Stack, *, within: float = 60.0, every: float = 0.1) -> int:
    """Return the worker that waits for a session, as there is one in the cloud, and will serve the next one."""
    (worker,) = eventually(lambda: set(stack.workers()) - set(stack.serving()), within=within, every=every)
    # One that still loads the library isn't what waits in the cloud: its first session would wait for that as well.
    eventually(lambda: _loaded(int(worker)))
    return int(worker)


def _loaded(worker: int) -> bool:
    """Whether the client library is in the process, and nothing more comes into it."""
    mapped = Path(f"/proc/{worker}/maps").read_text()
    return "neonize" in mapped and _is_still(lambda: memory(worker))


def _counted(stack: Stack, number: str, figures: LinkingFigures) -> None:
    """Link once more under strace, which is too slow to be timed."""
    worker = standby(stack)
    stack.begin(number)
    code = stack.code(number)
    with syncs(worker) as counted:
        stack.scan(code, number)
        stack.until(number, "CONNECTED", within=60)
    figures.syncs = counted.count


def _with_history(stack: Stack, number: str) -> float:
    """Link an account whose phone tells of 50,000 messages; return the most memory that its worker had, in MB."""
    stack.network(f"phones/{number}/history", {"messages": HISTORY, "chats": 500})
    before = stack.serving()
    stack.link(number)
    (worker,) = set(stack.serving()) - set(before)
    uid = next(Path(name).parent for name in open_files(worker) if name.endswith(".db"))
    # Its secrets of the messages go into the device's store: some 14 MB, and then no more.
    eventually(lambda: _size(uid) > STORED)
    eventually(lambda: _is_still(lambda: _size(uid)))
    return most_memory(worker)


def _size(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.glob("device-*"))


def _is_still(measure: Callable[[], float]) -> bool:
    before = measure()
    time.sleep(2)
    return measure() == before


def _raw_client(state: Path, number: str, figures: LinkingFigures) -> None:
    with raw_client(state) as alone:
        connecting, shown = alone.until("connecting"), alone.until("qr")
        figures.code.append((shown["at"] - connecting["at"]) * 1000)
        figures.showing.append(memory(alone.process.pid))
        began = time.monotonic()
        alone.phone("scan", {"code": shown["code"], "number": number})
        figures.connected.append((alone.until("connected")["at"] - began) * 1000)
        time.sleep(1)
        figures.memory.append(memory(alone.process.pid))
