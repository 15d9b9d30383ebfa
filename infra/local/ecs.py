"""ECS as the task runner needs it, and the tasks of the run before, which ended with their stack.

moto's RunTask starts nothing and ignores the client token, its StopTask has the task stopped the same instant.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Final

from flask import request
from moto.core.exceptions import JsonRESTError
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import Task, ecs_backends

from infra.local.state import LocalState

STOPPING: Final = "DEACTIVATING"
STOPPED: Final = "STOPPED"


@dataclass(slots=True)
class TaskEvents:
    """The callbacks for tasks' events, called in a thread of moto's server; both must return at once."""

    started: Callable[[Task], None]
    stop_asked: Callable[[Task], None]


@dataclass(frozen=True, slots=True)
class _Started:
    request: dict[str, Any]
    tasks: list[Task]


@dataclass(slots=True)
class EcsInterceptor:
    """Stands in front of moto's ECS backend of one account and region."""

    account: str
    region: str
    events: TaskEvents
    _by_token: dict[str, _Started] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def open(self) -> None:
        """Replace the backend's RunTask and StopTask."""
        backend = ecs_backends[self.account][self.region]
        run = backend.run_task
        # On the instance, before the class's own.
        vars(backend).update(run_task=lambda *given: self._run(run, given), stop_task=self._stop)

    def close(self) -> None:
        """Restore both."""
        backend = ecs_backends[self.account][self.region]
        del vars(backend)["run_task"], vars(backend)["stop_task"]

    def definition(self, task: Task) -> dict[str, Any]:
        """Return the first container of the task's definition, in the API's own names."""
        backend = ecs_backends[self.account][self.region]
        return dict(backend.describe_task_definition(task.task_definition_arn).container_definitions[0])

    def _run(self, run: Callable[..., list[Task]], given: tuple[Any, ...]) -> list[Task]:
        asked = json.loads(request.get_data() or "{}")
        token = asked.get("clientToken")
        with self._lock:
            before = self._by_token.get(token) if token else None
            if before is not None:
                if before.request != asked:
                    raise JsonRESTError("ConflictException", "The client token was used for another request.")
                return before.tasks
            tasks = run(*given)
            if token:
                self._by_token[token] = _Started(asked, tasks)
        for task in tasks:
            self.events.started(task)
        return tasks

    def _stop(self, cluster_str: str, task_str: str, reason: str) -> Task:
        backend = ecs_backends[self.account][self.region]
        tasks = backend.tasks.get(cluster_str.rpartition("/")[2], {})
        task = next((one for arn, one in tasks.items() if arn.endswith(task_str.rpartition("/")[2])), None)
        if task is None:
            raise InvalidParameterException("The referenced task was not found.")
        with self._lock:
            if task.desired_status != STOPPED:
                task.desired_status = STOPPED
                task.stopped_reason = reason or "Task stopped by user"
                task.last_status = STOPPING
                self.events.stop_asked(task)
        return task


def mark_stopped(task: Task, exit_code: int | None, stop_code: str, reason: str) -> None:
    """Mark the task as stopped, as DescribeTasks shows it."""
    task.desired_status = task.last_status = STOPPED
    task.stopped_reason = task.stopped_reason or reason
    task.stop_code = stop_code  # type: ignore[attr-defined]  # moto knows none, yet answers with what is there
    for container in task.containers:
        container.last_status = STOPPED
        container.exitCode = exit_code  # type: ignore[assignment]


def detail(task: Task) -> dict[str, Any]:
    """Return the task as ``detail`` of an ECS Task State Change event."""
    ended = task.last_status == STOPPED
    return {
        "taskArn": task.task_arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.task_definition_arn,
        "launchType": task.launch_type,
        "lastStatus": task.last_status,
        "desiredStatus": task.desired_status,
        "startedBy": task.started_by,
        "group": task.group,
        "overrides": task.overrides,
        "stopCode": getattr(task, "stop_code", None),
        "stoppedReason": task.stopped_reason or None,
        "containers": [
            {"name": one.name, "lastStatus": one.last_status, **({"exitCode": one.exitCode} if ended else {})}
            for one in task.containers
        ],
    }


TASKS_FILE: Final = "tasks.json"


class TaskRecord:
    """Which tasks run, on disk; what an earlier run left there stays until it has been reported."""

    def __init__(self, state: LocalState) -> None:
        self._state = state
        self._former: list[dict[str, Any]] = state.read(TASKS_FILE, [])
        self._running: list[dict[str, Any]] = []

    def former(self, cluster_arn: str) -> list[dict[str, Any]]:
        """Return the details to report for the earlier run's tasks; the cluster has a new name in each run."""
        return [_stopped(one) | {"clusterArn": cluster_arn} for one in self._former]

    def reported(self) -> None:
        """Forget the earlier run's tasks."""
        self._former = []
        self.running(self._running)

    def running(self, details: list[dict[str, Any]]) -> None:
        """Write down which tasks run now."""
        self._running = details
        self._state.write(TASKS_FILE, self._former + details)


def _stopped(detail: dict[str, Any]) -> dict[str, Any]:
    containers = [one | {"lastStatus": "STOPPED", "exitCode": 137} for one in detail.get("containers", [])]
    return detail | {
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "The local stack ended, and its tasks with it",
        "containers": containers,
    }
