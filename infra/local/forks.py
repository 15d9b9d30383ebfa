"""The stack's half of forking workers: keeps a fork server for them, and tells what becomes of each."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from chalicelib.domain.lease import VARIABLES
from infra import REPOSITORY

COMMAND: Final = ("python", "-m", "chalicelib.worker")
"""The command of a task that is forked; any other is started as it stands."""
PARENT_PIPE: Final = "SWITCHBOARD_PARENT_PIPE"
"""Names the variable that holds the number of a descriptor which reads as ended once the stack is gone."""
OWN: Final = frozenset({*VARIABLES, PARENT_PIPE})
"""The variables in which workers differ. The server has none of them: with the pipe's it would watch the pipe."""
LOG: Final = "fork-server.log"
"""Beside the workers' logs: what goes wrong before there is a worker."""
ENDING_TAKES: Final = 10.0
"""Seconds for a server that isn't needed any more to end."""
ROOM: Final = 4096
"""Bytes of the variables in which workers differ, at the most: what is more isn't shown in /proc."""


class ForkedWorker:
    """A worker's process, as ``asyncio.subprocess.Process`` is one, though it is the server's child."""

    def __init__(self, pid: int, send: Callable[[int], None]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._send = send
        self._ended = asyncio.Event()

    async def wait(self) -> int:
        """Return the code that it has ended with, negative for the signal that ended it."""
        await self._ended.wait()
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            self._send(number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def end(self, code: int) -> None:
        """Take down that it has ended."""
        self.returncode = code
        self._ended.set()


class Forks:
    """Starts workers as forks of one server, which is started with the first of them, and anew once it is gone.

    They share one environment, but for the order. ``alive`` is the descriptor that their variable of it names.
    """

    def __init__(self, alive: int) -> None:
        self._alive = alive
        self._server: _Server | None = None
        self._starting = asyncio.Lock()

    async def start(self, environment: Mapping[str, str], log: Path) -> ForkedWorker | None:
        """Start a worker; None for one of another environment, and where it came to nothing."""
        if sys.platform != "linux":
            return None
        own = {name: value for name, value in environment.items() if name in OWN}
        shared = {name: value for name, value in environment.items() if name not in OWN}
        async with self._starting:
            if self._server is None or self._server.gone:
                self._server = await _started(shared, self._alive, log.with_name(LOG))
        return await self._server.fork(own, log) if self._server.shared == shared else None

    async def close(self) -> None:
        """End the server, and whichever of its workers is left."""
        if self._server:
            await self._server.close()


async def _started(shared: Mapping[str, str], alive: int, log: Path) -> "_Server":
    ours, theirs = socket.socketpair()
    with theirs, log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "infra.local.fork_server",
            str(theirs.fileno()),
            env={**shared, "SWITCHBOARD_FORK_ROOM": "-" * ROOM},
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=(alive, theirs.fileno()),
            start_new_session=True,
        )
    return _Server(shared, process, *await asyncio.open_connection(sock=ours))


class _Server:
    """A fork server that runs. What it is told before it has prepared itself it does then."""

    def __init__(
        self,
        shared: Mapping[str, str],
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.shared = shared
        self.gone = False
        self._process = process
        self._writer = writer
        self._orders = 0
        self._forking: dict[int, asyncio.Future[ForkedWorker | None]] = {}
        self._workers: dict[int, ForkedWorker] = {}
        self._following = asyncio.create_task(self._follow(reader))

    async def fork(self, own: Mapping[str, str], log: Path) -> ForkedWorker | None:
        """Start a worker with variables of its ``own``; None if the server is gone before it has done so."""
        self._orders += 1
        number = self._orders
        done = self._forking[number] = asyncio.get_running_loop().create_future()
        self._tell(number=number, environment=dict(own), log=str(log))
        return None if self.gone else await done

    async def close(self) -> None:
        """Have it end, and wait for that."""
        self._writer.close()
        try:
            await asyncio.wait_for(self._process.wait(), ENDING_TAKES)
        except TimeoutError:
            self._process.kill()
        await self._following
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    def _tell(self, **order: Any) -> None:
        self._writer.write(json.dumps(order).encode() + b"\n")

    async def _follow(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            async for line in reader:
                self._told(**json.loads(line))
        self.gone = True
        self._writer.close()
        for one in self._forking.values():
            one.set_result(None)
        for worker in self._workers.values():
            # The kernel has killed them with it.
            worker.end(-signal.SIGKILL)

    def _told(self, number: int, pid: int | None = None, code: int = 0) -> None:
        if pid is None:
            self._workers.pop(number).end(code)
        else:
            worker = ForkedWorker(pid, lambda which: self._tell(number=number, signal=int(which)))
            self._workers[number] = worker
            self._forking.pop(number).set_result(worker)
