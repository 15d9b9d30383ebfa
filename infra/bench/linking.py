"""Linking: call to first code, and scan to connected, by both linkers at a watcher, and in the raw client.

A standby has nothing to do, so it has loaded the client library by then, whichever linker it has.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.bench.measuring import memory, most_memory, raw_client, row, syncs
from infra.local.client import Stack, eventually, next_frame, open_files

LINKERS: Final = ("own", "library")
HISTORY: Final = 50_000
"""Messages that a phone tells a new device of: an account of some years."""
STORED: Final = 8_000_000
"""Bytes of the device's store that say that the library has taken that history in."""


@dataclass
class LinkingFigures:
    """Milliseconds and MB of each run, and fsyncs of the last."""

    code: list[float] = field(default_factory=list)
    connected: list[float] = field(default_factory=list)
    showing: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    syncs: int | None = None


def report(state: Path, runs: int) -> Iterator[str]:
    """Run all in turn, ``runs`` times, and yield the lines of the report."""
    figures, raw = {linker: LinkingFigures() for linker in LINKERS}, LinkingFigures()
    for linker, ours in figures.items():
        with running(Stack(state / linker, {"LINKER": linker})) as stack:
            for number in range(runs):
                _gateway(stack, f"62811100{number:04d}", ours)
                _raw_client(state / f"raw-{linker}-{number}", f"62822200{number:04d}", raw)
            _counted(stack, "628333000001", ours)
            if linker == LINKERS[0]:
                most = _with_history(stack, "628333000002")
    for linker, ours in figures.items():
        yield f"linked by {linker}:"
        yield row("connect call to first code", ours.code, raw.code)
        yield row("scan to connected", ours.connected, raw.connected)
        yield row("memory while a code shows", ours.showing, raw.showing, "MB")
        yield row("memory of a linked worker", ours.memory, raw.memory, "MB")
        yield f"fsyncs of a pairing: {'strace is missing' if ours.syncs is None else ours.syncs}"
    yield f"{'worker linked with 50,000 messages':32} {most:9.1f} MB at most (aim: under 400)"


@contextmanager
def running(stack: Stack) -> Iterator[Stack]:
    """Start a stack, and stop it in the end."""
    stack.start()
    try:
        yield stack
    finally:
        stack.stop()


def _gateway(stack: Stack, number: str, figures: LinkingFigures) -> None:
    stack.post("/api/sessions", {"phone": number})
    worker = _standby(stack)
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


def _standby(stack: Stack) -> int:
    """Return the worker that waits for a session, as there is one in the cloud, and will serve the next one."""
    (worker,) = eventually(lambda: set(stack.workers()) - set(stack.serving()))
    # One that still loads the library isn't what waits in the cloud: its first session would wait for that as well.
    eventually(lambda: _loaded(int(worker)))
    return int(worker)


def _loaded(worker: int) -> bool:
    """Whether the client library is in the process, and nothing more comes into it."""
    mapped = Path(f"/proc/{worker}/maps").read_text()
    return "neonize" in mapped and _is_still(lambda: memory(worker))


def _counted(stack: Stack, number: str, figures: LinkingFigures) -> None:
    """Link once more under strace, which is too slow to be timed."""
    worker = _standby(stack)
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
