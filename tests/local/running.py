"""The whole local stack as a process of its own, for a test's time."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.local.settings import REPOSITORY

READY_S = 60.0
STOP_S = 30.0


@dataclass
class Running:
    """A stack that answers on ``port``; ``output`` is what it prints."""

    port: int
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def processes(self) -> set[int]:
        """Return the ids of the stack's process and of all below it that live (a zombie doesn't)."""
        return {self.process.pid, *_below(self.process.pid)}

    def stop(self, which: int = signal.SIGTERM) -> int:
        """Tell it to stop and return its exit code."""
        self.process.send_signal(which)
        return self.process.wait(STOP_S)


@contextmanager
def running_stack(state: Path, **env: str) -> Iterator[Running]:
    """Start the stack on a free port with its state in ``state``; ``env`` is set beside the usual environment."""
    state.mkdir(parents=True, exist_ok=True)
    output = state / "output.txt"
    environment = os.environ | {"PORT": "0", "LOCAL_STATE": str(state)} | env
    with output.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local"], cwd=REPOSITORY, env=environment, stdout=file, stderr=file
        )
    try:
        yield Running(_ready(state, process, output), process, output)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ready(state: Path, process: subprocess.Popen[bytes], output: Path) -> int:
    """Wait for the state file that this very process wrote, and for /health."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the stack ended with {process.returncode}: {output.read_text()}")
        try:
            told = json.loads((state / "stack.json").read_text())
            if told["pid"] == process.pid:
                urllib.request.urlopen(f"http://127.0.0.1:{told['port']}/health", timeout=5).close()
                return int(told["port"])
        except (FileNotFoundError, urllib.error.URLError):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the stack isn't ready after {READY_S} s: {output.read_text()}")


def _below(pid: int) -> set[int]:
    """Return the living descendants of a process, by /proc or ps."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    parents = {int(one): int(parent) for one, parent, state in rows if not state.startswith("Z")}
    found, fresh = set[int](), {pid}
    while fresh:
        fresh = {one for one, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def alive(pids: set[int]) -> set[int]:
    """Return which of the processes still live."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    states = {int(line.split()[0]): line.split()[1] for line in listed.splitlines()}
    return {one for one in pids if not states.get(one, "Z").startswith("Z")}
