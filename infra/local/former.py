"""The tasks of the run before: they ended with their stack, and ECS would have said so."""

from typing import Any, Final

from infra.local.state import State

FILE: Final = "tasks.json"


class TaskRecord:
    """Which tasks run, on disk; what an earlier run left there stays until it has been reported."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._former: list[dict[str, Any]] = state.read(FILE, [])
        self._running: list[dict[str, Any]] = []

    def former(self, cluster_arn: str) -> list[dict[str, Any]]:
        """Return the details to report for the earlier run's tasks; the cluster has a new name in each run."""
        return [_stopped(one) | {"clusterArn": cluster_arn} for one in self._former]

    def reported(self) -> None:
        """Forget the earlier run's tasks."""
        self._former = []
        self.running(self._running)

    def running(self, details: list[dict[str, Any]]) -> None:
        """Keep what runs now."""
        self._running = details
        self._state.write(FILE, self._former + details)


def _stopped(detail: dict[str, Any]) -> dict[str, Any]:
    containers = [one | {"lastStatus": "STOPPED", "exitCode": 137} for one in detail.get("containers", [])]
    return detail | {
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "The local stack ended, and its tasks with it",
        "containers": containers,
    }
