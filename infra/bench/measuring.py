"""Figures, what /proc and strace tell of a process, and the raw client that Switchboard is compared with."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

from infra.local.client import ROOT, Stack

FAILURES: Final = (AssertionError, OSError, RuntimeError, requests.RequestException, subprocess.SubprocessError)
"""What a part raises that can't be measured: the stack did something else, or nothing in time."""


def sentence(error: Exception) -> str:
    """Return the last line of what an error says: before it there may be a whole log."""
    return (str(error).strip().splitlines() or [repr(error)])[-1]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a part measures: stacks of the checkout ``root``, each thing ``runs`` times, files below ``state``."""

    state: Path
    runs: int
    root: Path = ROOT

    @contextmanager
    def stack(self, name: str, **environment: str) -> Iterator[Stack]:
        """Start a stack of its own, and stop it in the end."""
        stack = Stack(self.state / name, environment, root=self.root)
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()


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

    def link(self, number: str) -> None:
        """Have a phone of that number scan the client's first code, and wait until the client is connected."""
        self.phone("scan", {"code": self.until("qr")["code"], "number": number})
        self.until("connected")


@dataclass(frozen=True, slots=True)
class RawNetwork:
    """A loopback WhatsApp of its own, for raw clients."""

    process: "subprocess.Popen[str]"
    control: str
    environment: dict[str, str]

    @contextmanager
    def client(self, database: Path) -> Iterator[Alone]:
        """Start a client over ``database``, which connects at once, and kill it in the end."""
        environment = {**os.environ, **self.environment}
        environment["PYTHONPATH"] = os.pathsep.join([self.environment["PYTHONPATH"], str(ROOT)])
        client = subprocess.Popen(
            [sys.executable, "-m", "infra.bench.raw", str(database)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            yield Alone(client, self.control)
        finally:
            client.kill()
            client.wait()


@contextmanager
def raw_network(state: Path) -> Iterator[RawNetwork]:
    """Start a loopback WhatsApp, and end it in the end."""
    state.mkdir(parents=True)
    command = [sys.executable, "-m", "infra.whatsapp_server", "--state", str(state)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        told = json.loads(server.stdout.readline() if server.stdout else "")
        yield RawNetwork(server, told["control"], told["environment"])
    finally:
        server.terminate()
        server.wait()


@contextmanager
def raw_client(state: Path) -> Iterator[Alone]:
    """Start a network and a client on it."""
    with raw_network(state) as network, network.client(state / "raw.db") as alone:
        yield alone
