"""Linking over a slow disk: scan to connected while each lock, sync and read takes as long as on a network file system.

The delays are made by a shim of a few lines of C (``disk_delay.c``), compiled with ``cc`` when it is run, in front of
the worker's own C library. Only files of the devices' directory are slow.
"""

import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from infra.bench.figures import Row
from infra.bench.measuring import Bench
from infra.local.client import Phone, Stack, eventually, expect, next_frame, send

SOURCE: Final = Path(__file__).with_name("disk_delay.c")
FRIEND: Final = "628777300009"


@dataclass(frozen=True, slots=True)
class Delays:
    """Microseconds that each of these takes longer."""

    lock: int = 0
    sync: int = 0
    read: int = 0

    def __str__(self) -> str:
        told = [f"{each / 1000:g} ms a {name}" for name, each in asdict(self).items() if each]
        return ", ".join(told) or "no delay"


@dataclass(frozen=True, slots=True)
class Counts:
    """How often the workers did each of these to the devices' files."""

    locks: int
    syncs: int
    index_locks: int
    """Locks of the WAL's index, the ``-shm`` file."""


@dataclass(frozen=True, slots=True)
class SlowDisk:
    """The shim, built in ``directory``, for a stack whose state is in ``state``."""

    directory: Path
    state: Path

    def environment(self, delays: Delays) -> dict[str, str]:
        """Build the shim and return the variables that load it. Raises NotAsExpected where there is no C compiler."""
        self.directory.mkdir(parents=True, exist_ok=True)
        library, compiler = self.directory / "disk_delay.so", shutil.which("cc") or shutil.which("gcc")
        if not compiler:
            expect(False, "A C compiler is needed: apt-get install gcc libc6-dev")
        command = [
            str(compiler),
            "-O2",
            "-Wall",
            "-Werror",
            "-shared",
            "-fPIC",
            "-o",
            str(library),
            str(SOURCE),
            "-ldl",
        ]
        subprocess.run(command, check=True)
        self._counted.write_bytes(bytes(32))
        return {
            "LD_PRELOAD": str(library),
            "DISK_DELAY_UNDER": str((self.state / "devices").resolve()),
            "DISK_DELAY_LOCK_US": str(delays.lock),
            "DISK_DELAY_SYNC_US": str(delays.sync),
            "DISK_DELAY_READ_US": str(delays.read),
            "DISK_DELAY_COUNTS": str(self._counted),
        }

    def counts(self) -> Counts:
        """Return what was counted so far."""
        locks, syncs, _, index_locks = struct.unpack("=4Q", self._counted.read_bytes())
        return Counts(locks, syncs, index_locks)

    @property
    def _counted(self) -> Path:
        return self.directory / "counts"


@dataclass
class DiskFigures:
    """Milliseconds of each run, and the counts of one link, one send and one receive."""

    connected: list[float] = field(default_factory=list)
    counts: Counts = Counts(0, 0, 0)


SPEEDS: Final = (Delays(), Delays(lock=1_000), Delays(lock=2_000), Delays(lock=2_000, sync=5_000, read=1_000))


def report(bench: Bench) -> Iterator[Row]:
    """Link at each speed, and yield the rows, whose limit is the disk without a delay."""
    limit: tuple[float, ...] = ()
    for number, delays in enumerate(SPEEDS):
        figures = measure(Bench(bench.state / str(number), bench.runs, bench.root), delays)
        counts, connected = figures.counts, tuple(figures.connected)
        note = f"a link, send and receive: {counts.locks} locks ({counts.index_locks} of -shm), {counts.syncs} syncs"
        limit_name = "no delay" if limit else ""
        yield Row("disk", f"scan to connected, {delays}", "ms", connected, limit, limit_name, note=note)
        limit = limit or connected


def measure(bench: Bench, delays: Delays) -> DiskFigures:
    """Link sessions on a stack of its own whose disk is that slow, the first one with a message each way."""
    disk, figures = SlowDisk(bench.state / "shim", bench.state / "stack"), DiskFigures()
    with bench.stack("stack", **disk.environment(delays)) as stack:
        phone = Phone(stack, FRIEND).switch_on()
        for number in range(bench.runs):
            session = f"62844400{number:04d}"
            before = disk.counts()
            figures.connected.append(_link(stack, session))
            if number == 0:
                answer = send(stack, session, FRIEND, "out")
                expect(answer.status_code == 200, answer.text)
                with stack.watch(session) as watcher:
                    phone.say(session, "in")
                    next_frame(watcher, "message")
                figures.counts = _since(before, disk.counts())
            stack.delete(f"/api/sessions/{session}")
    return figures


def _link(stack: Stack, session: str) -> float:
    stack.post("/api/sessions", {"phone": session})
    eventually(lambda: len(stack.workers()) > len(stack.serving()))
    with stack.watch(session) as watcher:
        stack.post(f"/api/sessions/{session}/connect")
        next_frame(watcher, "qr")
        code = stack.code(session)
        began = time.monotonic()
        stack.scan(code, session)
        next_frame(watcher, "connected")
        return (time.monotonic() - began) * 1000


def _since(before: Counts, after: Counts) -> Counts:
    return Counts(after.locks - before.locks, after.syncs - before.syncs, after.index_locks - before.index_locks)
