"""Figures, and what /proc and strace tell of a process."""

import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def row(name: str, ours: Sequence[float], raw: Sequence[float], unit: str = "ms") -> str:
    """Return a line of a report: medians with the slowest of each, and their ratio."""
    mine, theirs = statistics.median(ours), statistics.median(raw)
    return (
        f"{name:32} {mine:9.1f} {unit} (max {max(ours):.1f})   raw client {theirs:9.1f} {unit} (max {max(raw):.1f})"
        f"   ratio {mine / theirs:.2f}"
    )


def memory(process: int) -> float:
    """Return a process's resident memory in MB."""
    return _of_status(process, "VmRSS")


def most_memory(process: int) -> float:
    """Return the most resident memory that a process has had so far, in MB."""
    return _of_status(process, "VmHWM")


def _of_status(process: int, name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


class Syncs:
    """How often a process asked the disk to be sure."""

    def __init__(self) -> None:
        self.count: int | None = None


@contextmanager
def syncs(process: int) -> Iterator[Syncs]:
    """Count a process's fsync and fdatasync calls with strace while the block runs; None where there is no strace."""
    counted = Syncs()
    if not shutil.which("strace"):
        yield counted
        return
    tracer = subprocess.Popen(
        ["strace", "-f", "-p", str(process), "-e", "trace=fsync,fdatasync"],  # noqa: S607
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = tracer.stderr.readline() if tracer.stderr else ""
    try:
        yield counted
    finally:
        tracer.terminate()
        told = tracer.communicate()[1]
        if "attached" in first:
            counted.count = len(re.findall(r"\bf(?:data)?sync\(", told))
