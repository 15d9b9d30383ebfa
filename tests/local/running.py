"""The whole local stack as a process of its own, for a test's time, and what lives of it."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.client import Stack


@contextmanager
def running_stack(state: Path, **env: str) -> Iterator[Stack]:
    """Start the stack on a free port with its state in ``state``; ``env`` is set beside the usual environment."""
    stack = Stack(state, env)
    try:
        stack.open()
        yield stack
    finally:
        stack.stop(signal.SIGTERM)


def processes(stack: Stack) -> set[int]:
    """Return the ids of the stack's process and of all below it that live (a zombie doesn't)."""
    if stack.process is None:
        return set()
    return {stack.process.pid, *_below(stack.process.pid)}


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
