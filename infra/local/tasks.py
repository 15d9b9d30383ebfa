"""The task runner: a process for each task that RunTask makes, and word of its beginning and end as ECS gives it."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moto.ecs.models import Task

from infra.local.ecs import EcsDoor, TaskEvents, detail, mark_stopped
from infra.local.process import launch, log_name, start, stop

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

    def __init__(self, place: tuple[str, str], surroundings: Surroundings, report: Report, record: Record) -> None:
        self._surroundings = surroundings
        self._report = report
        self._record = record
        self._loop = asyncio.get_running_loop()
        self._door = EcsDoor(*place, TaskEvents(self._started, self._stop_asked))
        self._running: dict[str, _Running] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._grace_s: float | None = None
        self._closing = False
        self._alive, self._life = os.pipe()

    def open(self) -> None:
        """Begin to run what RunTask accepts."""
        self._door.open()

    async def close(self, grace_s: float) -> None:
        """End all processes. They stay on record and aren't reported: nobody shall start others for them now."""
        self._grace_s = grace_s
        self._closing = True
        for one in self._running.values():
            one.stopped.set()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        self._door.close()
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
        definition = self._door.definition(one.task)
        log = self._surroundings.logs / log_name(one.task.started_by, one.task.task_arn)
        plan = launch(definition, one.task.overrides, self._surroundings.environment, log)
        try:
            process = await start(plan, self._alive)
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

    async def _until_end(self, one: _Running, process: asyncio.subprocess.Process, grace_s: float) -> bool:
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
        try:
            await self._report(one.detail)
        except Exception:
            log.exception("a task state change could not be reported")
