"""Workers that are forks of a process with their imports done: each is a process of its own all the same."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.local.client import children, open_files
from infra.local.forks import ForkedWorker, Forks
from infra.local.tasks import STARTUP, search_path, stop
from tests.local.patience import until

pytestmark = pytest.mark.subprocess

WORKER = b"chalicelib.worker"


@contextmanager
def a_pipe() -> Iterator[int]:
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


class Stack:
    """A stack's forks, with an AWS that nobody answers for: a worker that has an order waits for it."""

    def __init__(self, directory: Path, alive: int) -> None:
        self.directory = directory
        self.forks = Forks(alive)
        self._shared = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": search_path(str(STARTUP), str(Path.cwd())),
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
            "STAGE": "local",
            "TABLE_NAME": "table",
            "DEVICES": str(directory / "devices"),
            "SWITCHBOARD_PARENT_PIPE": str(alive),
        }

    def order(self, worker: str) -> dict[str, str]:
        return self._shared | {"SWITCHBOARD_WORKER": worker, "SWITCHBOARD_MAILBOX": "http://127.0.0.1:1/mailbox"}

    async def start(self, worker: str = "standby-1") -> ForkedWorker:
        """Start a worker, and wait until it is one."""
        forked = await self.forks.start(self.order(worker), self.log(worker))
        assert forked
        await until(lambda: forked.pid in children(self.server(), WORKER))
        return forked

    def server(self) -> int:
        (server,) = children(os.getpid(), b"infra.local.fork_server")
        return server

    def log(self, worker: str) -> Path:
        return self.directory / f"{worker}.log"


@asynccontextmanager
async def a_stack(directory: Path) -> AsyncIterator[Stack]:
    with a_pipe() as alive:
        stack = Stack(directory, alive)
        try:
            yield stack
        finally:
            async with asyncio.timeout(60):
                await stack.forks.close()


@pytest.fixture
def act(tmp_path: Path) -> Callable[[Callable[[Stack], Awaitable[Any]]], Any]:
    def run(body: Callable[[Stack], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            async with a_stack(tmp_path) as stack:
                return await body(stack)

        return asyncio.run(whole())

    return run


def shown(process: int, what: str) -> list[str]:
    return [word for word in Path(f"/proc/{process}/{what}").read_text().split("\0") if word]


def lives(process: int) -> bool:
    """Whether it runs, or is frozen: what is left of one that ended has no command."""
    try:
        return bool(shown(process, "cmdline"))
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_frozen(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_workers_show_their_own_command_and_environment(act):
    async def body(stack):
        worker = await stack.start("standby-7")
        environment = dict(pair.split("=", 1) for pair in shown(worker.pid, "environ"))
        return environment, stack.order("standby-7"), shown(worker.pid, "cmdline")

    environment, ordered, command = act(body)
    assert environment == ordered
    assert command[1:] == ["-m", "chalicelib.worker"]


def test_a_worker_leads_a_session_of_its_own_and_holds_nothing_of_its_server_s(act):
    async def body(stack):
        worker = await stack.start()
        held, servers = open_files(worker.pid), open_files(stack.server())
        return (
            os.getsid(worker.pid) == worker.pid,
            os.devnull in held,
            [one for one in servers if "socket:" in one],
            held,
        )

    leads, reads_nothing, sockets, held = act(body)
    assert leads
    assert reads_nothing
    assert sockets
    assert not {*sockets} & {*held}


def test_a_worker_without_an_order_says_what_is_missing_in_its_own_log(act):
    async def body(stack):
        environment = {name: value for name, value in stack.order("").items() if name != "SWITCHBOARD_MAILBOX"}
        worker = await stack.forks.start(environment, stack.log("lost"))
        return await worker.wait(), stack.log("lost").read_text()

    code, said = act(body)
    assert code == 1
    assert "SWITCHBOARD_WORKER, SWITCHBOARD_MAILBOX not set" in said


def test_a_worker_ends_in_order_where_it_is_asked_to(act):
    async def body(stack):
        worker = await stack.start()
        await until(lambda: stack.log("standby-1").exists())
        await stop(worker, 60)
        return worker.returncode

    assert act(body) in {0, -signal.SIGTERM}, "the second, if it hasn't come as far as to listen to signals"


def test_a_frozen_worker_is_killed_after_its_grace(act):
    async def body(stack):
        worker = await stack.start()
        worker.send_signal(signal.SIGSTOP)
        await until(lambda: is_frozen(worker.pid))
        await stop(worker, 0.2)
        return worker.returncode, await worker.wait()

    assert act(body) == (-signal.SIGKILL, -signal.SIGKILL)


def test_the_end_of_one_worker_is_no_other_s(act):
    async def body(stack):
        one, other = await stack.start("standby-1"), await stack.start("standby-2")
        os.kill(one.pid, signal.SIGKILL)
        return await one.wait(), other.returncode, children(stack.server(), WORKER) == [other.pid]

    assert act(body) == (-signal.SIGKILL, None, True)


def test_workers_end_with_their_server_and_the_next_one_has_another(act):
    async def body(stack):
        frozen = await stack.start()
        os.kill(frozen.pid, signal.SIGSTOP)
        server = stack.server()
        os.kill(server, signal.SIGKILL)
        ended = await frozen.wait()
        await until(lambda: not children(os.getpid(), b"infra.local.fork_server"))
        await until(lambda: not lives(frozen.pid))
        await stack.start("standby-2")
        return ended, stack.server() != server

    assert act(body) == (-signal.SIGKILL, True)


def test_the_last_workers_end_with_the_stack_s_forks(tmp_path):
    async def whole():
        async with a_stack(tmp_path) as stack:
            worker = await stack.start()
        return worker.returncode

    assert asyncio.run(whole()) == -signal.SIGKILL


def test_a_task_of_another_environment_is_not_forked(act):
    async def body(stack):
        await stack.start()
        return await stack.forks.start(stack.order("other") | {"LINKER": "library"}, stack.log("other"))

    assert act(body) is None
