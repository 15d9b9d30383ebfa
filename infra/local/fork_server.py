"""A process that has a worker's imports done, and forks a worker for each task: that saves each half a second.

``python -m infra.local.fork_server DESCRIPTOR`` runs it, in the environment that all workers share. It reads orders
from the socket of that number, and tells what comes of them: a line of JSON each, with the ``number`` of the task. An
order either starts a worker (``environment``, ``log``) or signals one (``signal``). What is told is the ``pid`` of a
worker that was started, or the ``code`` that it has ended with, negative for the signal that ended it.

In all else a worker is a process of its own, as if it had been started by its command: its session, its standard files,
its environment and its command line, also as ``ps`` and ``/proc`` show them. It re-executes itself by that command.
What is imported here starts no thread and opens no connection. The client library does both, so each worker loads it by
itself.

It ends when the stack's end of the socket closes. Its workers end with it.
"""

import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import parent_watch  # type: ignore[import-not-found]  # found beside the sitecustomize that heads a worker's path

WORKER: Final = "chalicelib.worker"
PARENT_PIPE: Final = "SWITCHBOARD_PARENT_PIPE"
"""As in ``forks``; what the stack is made of isn't loaded here."""
ROOM: Final = "SWITCHBOARD_FORK_ROOM"
"""The server's last variable, without a meaning: it makes room for what a worker's environment has besides."""


@dataclass(frozen=True, slots=True)
class ForkOrder:
    """Start a worker that writes to ``log``, with ``environment`` besides the server's."""

    number: int
    environment: Mapping[str, str]
    log: str


class ForkServer:
    """Serves the stack at the other end of ``link``."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._running: dict[int, int] = {}
        """The number of each worker that hasn't been waited for, by its process id."""
        self._heard, ended = os.pipe()
        for end in (self._heard, ended):
            os.set_blocking(end, False)
        self._ended = ended

    def serve(self) -> ForkOrder | None:
        """Return None when the stack has gone; in the process of a worker return its order."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._ended)
        rest = b""
        while True:
            ready, _, _ = select.select([self._link.fileno(), self._heard], [], [])
            if self._heard in ready:
                os.read(self._heard, 4096)
                self._wait_for_the_ended()
            if self._link.fileno() in ready:
                received = self._link.recv(65536)
                if not received:
                    return None
                *lines, rest = (rest + received).split(b"\n")
                for line in lines:
                    mine = self._obey(json.loads(line))
                    if mine:
                        return mine

    def _obey(self, said: dict[str, Any]) -> ForkOrder | None:
        if "signal" not in said:
            return self._fork(ForkOrder(**said))
        for process, number in self._running.items():
            if number == said["number"]:
                # Nobody else waits for it, so that the process id is still its own.
                os.kill(process, said["signal"])
        return None

    def _fork(self, order: ForkOrder) -> ForkOrder | None:
        process = os.fork()
        if process:
            self._running[process] = order.number
            self._tell(number=order.number, pid=process)
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._link.close()
        os.close(self._heard)
        os.close(self._ended)
        return order

    def _wait_for_the_ended(self) -> None:
        for process in list(self._running):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                self._tell(number=self._running.pop(process), code=os.waitstatus_to_exitcode(status))

    def _tell(self, **what: int) -> None:
        self._link.sendall(json.dumps(what).encode() + b"\n")


def prepare() -> None:
    """Import what a worker does, and make its AWS clients: they connect when they are used first."""
    from chalicelib.worker import lean_import  # noqa: PLC0415 - not by who only wants a name of this module's

    lean_import.install()
    from chalicelib.adapters import clients  # noqa: PLC0415
    from chalicelib.bootstrap import worker  # noqa: PLC0415, F401
    from chalicelib.worker.process import work  # noqa: PLC0415, F401

    for make in (clients.dynamodb, clients.lease_dynamodb, clients.sqs):
        make()
    # What is never looked at by the collector stays in pages that all workers share.
    gc.collect()
    gc.freeze()


def become(order: ForkOrder, server: int) -> None:
    """Make this process, a fork of ``server``, the worker that ``order`` tells of."""
    os.setsid()
    files = (os.open(os.devnull, os.O_RDONLY), os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666))
    for descriptor, file in enumerate((files[0], files[1], files[1])):
        os.dup2(file, descriptor)
    for file in files:
        os.close(file)
    os.environ.pop(ROOM)
    os.environ.update(order.environment)
    parent_watch.start(int(os.environ[PARENT_PIPE]))
    if os.getppid() != server:
        # It was gone before this process was bound to its end; its workers have been reported as ended.
        os._exit(1)
    # Its re-execution, and whatever it starts of its own, go by this.
    sys.orig_argv[:] = [sys.executable, "-m", WORKER]
    _show(sys.orig_argv, order.environment)


def _show(command: list[str], environment: Mapping[str, str]) -> None:
    """Have /proc show the worker's own command line, and what its environment has besides the server's.

    They are written where the system put the server's: the command in place of the server's, which begins alike and is
    longer, and the variables in place of the one that makes room for them. All else stays where it is, since the client
    library's runtime reads it there.
    """
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    command_from, command_to, shown_from, shown_to = (int(one) for one in fields[45:49])
    room_from = shown_from + ctypes.string_at(shown_from, shown_to - shown_from).index(os.fsencode(f"{ROOM}="))
    for begins, ends, words in (
        (command_from, command_to, command),
        (room_from, shown_to, [f"{name}={value}" for name, value in environment.items()]),
    ):
        whole = b"".join(os.fsencode(word) + b"\0" for word in words)[: ends - begins - 1]
        ctypes.memmove(begins, whole.ljust(ends - begins, b"\0"), ends - begins)


def main(arguments: list[str]) -> bool:
    """Serve until the stack ends, and return False; return True in each process that is to run as a worker."""
    link, server = socket.socket(fileno=int(arguments[0])), os.getpid()
    parent_watch.end_with_parent()
    prepare()
    order = ForkServer(link).serve()
    if order:
        become(order, server)
    return order is not None


if __name__ == "__main__" and main(sys.argv[1:]):
    runpy.run_module(WORKER, run_name="__main__", alter_sys=True)
