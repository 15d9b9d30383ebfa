"""The task runner: a worker process for each task that RunTask makes, reported as ECS reports a task."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from moto.ecs.models import Task

from infra import REPOSITORY
from infra.local.ecs import EcsInterceptor, TaskEvents, detail, mark_stopped
from infra.local.forks import COMMAND, PARENT_PIPE, Forks
from infra.local.iam.callers import WORKER
from infra.local.latencies import NO_LATENCIES, Latencies

STARTUP: Final = REPOSITORY / "infra" / "local" / "startup"
"""Its sitecustomize ends the process at the end of that pipe."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start: the full environment, and where the output goes."""

    command: tuple[str, ...]
    environment: dict[str, str]
    log: Path


def launch(definition: Mapping[str, Any], overrides: Mapping[str, Any], base: Mapping[str, str], log: Path) -> Launch:
    """Join a container's definition, RunTask's overrides and the stack's own variables ``base``; the last win."""
    mine = [one for one in overrides.get("containerOverrides", []) if one.get("name") == definition["name"]]
    environment = _pairs(definition.get("environment", []))
    for one in mine:
        environment |= _pairs(one.get("environment", []))
    command = next((one["command"] for one in mine if one.get("command")), definition["command"])
    return Launch(tuple(command), environment | dict(base), log)


def log_name(started_by: str, task_arn: str) -> str:
    """Return the name of a task's log, which is its worker's id."""
    name = started_by or task_arn.rpartition("/")[2]
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name) + ".log"


class Process(Protocol):
    """A task's process: one of asyncio's, or a fork."""

    @property
    def returncode(self) -> int | None:
        """What ``wait`` returns; None before it has ended."""

    async def wait(self) -> int:
        """Return the code that it has ended with, negative for the signal that ended it."""

    def send_signal(self, number: int, /) -> None:
        """Send a signal, or raise ProcessLookupError."""

    def kill(self) -> None:
        """Kill it, or raise ProcessLookupError."""


def whole_environment(one: Launch, alive: int) -> dict[str, str]:
    """Return the environment of its process; ``alive`` as in ``start``."""
    return _inherited() | one.environment | {PARENT_PIPE: str(alive)}


async def start(one: Launch, alive: int) -> asyncio.subprocess.Process:
    """Start the process; ``alive`` is the reading end of a pipe whose writing end only the stack holds."""
    program, *rest = one.command
    if program == "python":
        program = sys.executable
    one.log.parent.mkdir(parents=True, exist_ok=True)
    with one.log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            program,
            *rest,
            env=whole_environment(one, alive),
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=(alive,),
            # A Ctrl-C in the terminal is for the stack alone: it ends its workers in order.
            start_new_session=True,
        )


async def stop(process: Process, grace_s: float) -> None:
    """SIGTERM, then SIGKILL for what is there after ``grace_s`` seconds: a frozen process only feels the second."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), grace_s)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def search_path(*parts: str) -> str:
    """Return a PYTHONPATH of all ``parts`` (each may be a list already), each directory once."""
    directories = [one for part in parts for one in part.split(os.pathsep) if one]
    return os.pathsep.join(dict.fromkeys(directories))


def _inherited() -> dict[str, str]:
    """Return what a container would have of its own: no variable that leads to the developer's account or session."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LD_PRELOAD")
    # A benchmark's slow disk (infra/bench/disk_delay.c) is a library in front of the worker's own.
    return {name: value for name, value in os.environ.items() if name in kept or name.startswith("DISK_DELAY_")}


def _pairs(variables: list[dict[str, str]]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in variables}


STOP_TIMEOUT_S: Final = 30.0
"""ECS's own default between SIGTERM and SIGKILL."""

Report = Callable[[dict[str, Any]], Awaitable[None]]
Record = Callable[[list[dict[str, Any]]], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every worker gets: ``environment`` wins over the task's own; output goes into ``logs``."""

    environment: dict[str, str]
    logs: Path


@dataclass(slots=True)
class _Running:
    task: Task
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def detail(self) -> dict[str, Any]:
        return detail(self.task)


class TaskRunner:
    """Runs tasks on the event loop that it is made on.

    ``report`` gets the detail of each task state change; ``record`` what runs, each time that changes.
    """

    def __init__(
        self,
        place: tuple[str, str],
        surroundings: Surroundings,
        report: Report,
        record: Record,
        latencies: Latencies = NO_LATENCIES,
    ) -> None:
        self._surroundings = surroundings
        self._report = report
        self._record = record
        self._latencies = latencies
        self._loop = asyncio.get_running_loop()
        self._interceptor = EcsInterceptor(*place, TaskEvents(self._started, self._stop_asked))
        self._running: dict[str, _Running] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._grace_s: float | None = None
        self._closing = False
        self._alive, self._life = os.pipe()
        self._forks = Forks(self._alive)

    def open(self) -> None:
        """Begin to run what RunTask accepts."""
        self._interceptor.open()

    async def close(self, grace_s: float) -> None:
        """End all processes. They stay on record and aren't reported: nobody shall start others for them now."""
        self._grace_s = grace_s
        self._closing = True
        for one in self._running.values():
            one.stopped.set()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        self._interceptor.close()
        await self._forks.close()
        os.close(self._life)
        os.close(self._alive)

    def _started(self, task: Task) -> None:
        self._loop.call_soon_threadsafe(self._begin, task)

    def _stop_asked(self, task: Task) -> None:
        self._loop.call_soon_threadsafe(self._ask_to_stop, task.task_arn)

    def _begin(self, task: Task) -> None:
        one = _Running(task)
        self._running[task.task_arn] = one
        self._record([each.detail for each in self._running.values()])
        if self._closing:
            return
        job = self._loop.create_task(self._run(one))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def _ask_to_stop(self, arn: str) -> None:
        if arn in self._running:
            self._running[arn].stopped.set()

    async def _run(self, one: _Running) -> None:
        definition = self._interceptor.definition(one.task)
        log = self._surroundings.logs / log_name(one.task.started_by, one.task.task_arn)
        plan = launch(definition, one.task.overrides, self._surroundings.environment, log)
        await self._until_placed(one)
        if self._closing:
            return
        try:
            process = await self._start(plan)
        except OSError as error:
            await self._ended(one, None, "TaskFailedToStart", f"CannotStartContainerError: {error}")
            return
        await self._tell(one)
        asked = await self._until_end(one, process, float(definition.get("stopTimeout", STOP_TIMEOUT_S)))
        code = process.returncode
        # A shell, and so a container, shows death by signal 9 as 137.
        code = 128 - code if code is not None and code < 0 else code
        if asked:
            await self._ended(one, code, "UserInitiated", "Task stopped by user")
        else:
            await self._ended(one, code, "EssentialContainerExited", "Essential container in task exited")

    async def _until_placed(self, one: _Running) -> None:
        """Wait as long as ECS takes to start a task, or until it is to stop."""
        placed = asyncio.create_task(self._latencies.later("ecs task start", WORKER))
        asked = asyncio.create_task(one.stopped.wait())
        await asyncio.wait({placed, asked}, return_when=asyncio.FIRST_COMPLETED)
        placed.cancel()
        asked.cancel()

    async def _start(self, plan: Launch) -> Process:
        """Start a worker as a fork of a process that has its imports done, which saves half a second."""
        forked = None
        if plan.command == COMMAND:
            plan.log.parent.mkdir(parents=True, exist_ok=True)
            forked = await self._forks.start(whole_environment(plan, self._alive), plan.log)
        return forked or await start(plan, self._alive)

    async def _until_end(self, one: _Running, process: Process, grace_s: float) -> bool:
        """Wait for the process to end, by itself or (for ``grace_s``) by order; return whether it was asked to."""
        ended = asyncio.create_task(process.wait())
        asked = asyncio.create_task(one.stopped.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if ended.done():
            return one.stopped.is_set()
        await stop(process, grace_s if self._grace_s is None else self._grace_s)
        await ended
        return True

    async def _ended(self, one: _Running, code: int | None, stop_code: str, reason: str) -> None:
        mark_stopped(one.task, code, stop_code, reason)
        if self._closing:
            return
        del self._running[one.task.task_arn]
        self._record([each.detail for each in self._running.values()])
        await self._tell(one)

    async def _tell(self, one: _Running) -> None:
        told = self._report_later(one.detail)
        if not self._latencies.table:
            await told
            return
        # Meanwhile the task goes on.
        job = self._loop.create_task(told)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _report_later(self, detail: dict[str, Any]) -> None:
        try:
            await self._latencies.later("ecs task event", WORKER)
            await self._report(detail)
        except Exception:
            log.exception("a task state change could not be reported")
