"""What AWS knows of workers: which standbys wait, and why those that should aren't there."""

import json
import time
from collections.abc import Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb.control import DynamoStandbys
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.services.ports import Figure
from infra.deploy.account import explained
from infra.smoke.target import SmokeTarget

STANDBY: Final = "standby-"
"""How the names of workers from the pool begin."""
AT_ONCE: Final = 100
"""Tasks that ECS describes in one call."""
LOOKS_BACK_S: Final = 600
"""How long ago a task may have stopped, or a launch been refused, to be the reason."""


class Fleet:
    """The workers of one stack; its methods raise CannotDeploy for what AWS won't tell."""

    def __init__(self, target: SmokeTarget) -> None:
        self._cluster = target.resources["Cluster"]
        self._task = target.resources["WorkerTask"]
        self._logs = target.resources.get("Logs")
        self._pool = DynamoStandbys(Table(target.client("dynamodb"), target.resources["Table"]))
        self._client = target.client

    def ready(self) -> bool:
        """Whether a standby of the current version waits, and has given a sign of life lately."""
        now = time.time() * 1000
        with explained("read the pool of standbys"):
            return any(one.ready and one.until > now and one.task == self._task for one in self._pool.all())

    def why_none(self, name: str) -> str:
        """Return in a sentence why no worker is there whose name begins with ``name``, as far as AWS knows."""
        coming, stopped = self._newest(name, "RUNNING"), self._newest(name, "STOPPED")
        if stopped and time.time() - _when(stopped) < LOOKS_BACK_S:
            return f"ECS stopped its task: {_reason(stopped)}"
        if coming and coming["lastStatus"] == "RUNNING":
            return "Its task runs and gives no sign of life: see the workers' log."
        if coming:
            return f"Its task is still {coming['lastStatus']}."
        refused = self._refusal()
        if refused:
            return f"ECS starts no task: {refused}"
        return "ECS has no task of it: see the functions' log."

    def _newest(self, name: str, status: str) -> Any:
        ecs, tasks = self._client("ecs"), []
        with explained("tell of the workers' tasks"):
            for page in ecs.get_paginator("list_tasks").paginate(cluster=self._cluster, desiredStatus=status):
                for arns in _portions(page["taskArns"]):
                    tasks += ecs.describe_tasks(cluster=self._cluster, tasks=arns)["tasks"]
        mine = [one for one in tasks if one.get("startedBy", "").startswith(name)]
        return max(mine, key=_when, default=None)

    def _refusal(self) -> str | None:
        """Return why RunTask was refused last, from the functions' log; None if it wasn't, or nobody may tell."""
        if self._logs is None:
            return None
        since = int((time.time() - LOOKS_BACK_S) * 1000)
        # Pages may be empty, and others follow all the same.
        pages = (
            self._client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=self._logs, filterPattern=str(Figure.LAUNCHES_REFUSED), startTime=since)
        )
        try:
            whys = [json.loads(one["message"]).get("why") for page in pages for one in page["events"]]
        except ClientError:
            return None
        return next((str(why) for why in reversed(whys) if why), None)


def _portions(arns: Sequence[str]) -> list[Sequence[str]]:
    return [arns[start : start + AT_ONCE] for start in range(0, len(arns), AT_ONCE)]


def _when(task: Any) -> float:
    """Return when a task has stopped, in seconds since the Unix epoch; one that runs or is only stopping is of now."""
    at = task.get("stoppedAt")
    return at.timestamp() if at else time.time()


def _reason(task: Any) -> str:
    """Return ECS's reason, with the container's: the task's alone may only say that an essential one has ended."""
    about = [str(task.get("stoppedReason") or "it gives no reason")]
    for one in task.get("containers", []):
        if one.get("reason"):
            about.append(str(one["reason"]))
        if one.get("exitCode"):
            about.append(f"exit code {one['exitCode']}")
    return ", ".join(about).rstrip(".") + "."
