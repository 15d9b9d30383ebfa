"""Figures, what /proc and strace tell of a process, and the raw client that Switchboard is compared with."""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from infra.local.client import ROOT


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


@dataclass(frozen=True, slots=True)
class Alone:
    """A running raw client, and the way to its WhatsApp."""

    process: "subprocess.Popen[str]"
    control: str

    def until(self, what: str) -> dict[str, Any]:
        """Return what the client tells next of that kind."""
        for line in self.process.stdout or ():
            # The library prints lines of its own.
            if line.startswith("{") and (told := json.loads(line))["what"] == what:
                return dict(told)
        raise RuntimeError(f"the raw client ended before {what}")

    def do(self, **what: str) -> None:
        """Have the client send a text."""
        if self.process.stdin:
            self.process.stdin.write(json.dumps(what) + "\n")
            self.process.stdin.flush()

    def phone(self, path: str, body: dict[str, str]) -> None:
        """Have a phone do something."""
        requests.post(f"{self.control}/phones/{path}", json=body, timeout=30).raise_for_status()


@contextmanager
def raw_client(state: Path) -> Iterator[Alone]:
    """Start both; the client connects at once."""
    state.mkdir()
    command = [sys.executable, "-m", "infra.whatsapp_server", "--state", str(state)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        told = json.loads(server.stdout.readline() if server.stdout else "")
        environment = {**os.environ, **told["environment"]}
        environment["PYTHONPATH"] = os.pathsep.join([told["environment"]["PYTHONPATH"], str(ROOT)])
        client = subprocess.Popen(
            [sys.executable, "-m", "infra.bench.raw", str(state / "raw.db")],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            yield Alone(client, told["control"])
        finally:
            client.kill()
            client.wait()
    finally:
        server.terminate()
        server.wait()
