"""The workers' tasks on ECS."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib.adapters.clients import refused, translated
from chalicelib.domain.lease import EPOCH, MAILBOX, UID, Order
from chalicelib.services.ports import NoCapacity, NoSpotCapacity

if TYPE_CHECKING:
    from types_boto3_ecs.client import ECSClient

CONTAINER: Final = "worker"
ON_DEMAND: Final = "FARGATE"
SPOT: Final = "FARGATE_SPOT"
NEVER_PLACED: Final = "Capacity is unavailable"
"""How a task's ``stoppedReason`` begins, and a failure's ``reason``, where Fargate had no room for it."""
NO_ROOM: Final = (
    "ThrottlingException",
    "ServerException",
    "LimitExceededException",
    "CapacityProviderException",
)


class EcsWorkers(Struct, frozen=True):
    """The Workers port. A task is found by ``startedBy``, which is its worker's id (36 characters at the most).

    ``public`` workers get an address of their own, since their subnets lead straight to the internet.
    """

    client: "ECSClient"
    cluster: str
    task_definition: str
    subnets: Sequence[str]
    security_groups: Sequence[str]
    public: bool = True
    capacity: str = "FARGATE"

    def start(self, order: Order) -> None:
        """Call RunTask with a client token made from the worker's id: the same order never starts a second task.

        After an upgrade it may: ECS refuses a token that comes again with another task definition, so the token differs
        then; of two tasks of one order one gets the lease, and the other ends. After a refusal the token differs, too,
        since ECS answers a token for a day as it did the first time.
        """
        capacity = ON_DEMAND if order.on_demand else self.capacity
        variables = [{"name": name, "value": value} for name, value in order.to_env().items()]
        arguments: dict[str, Any] = {
            "cluster": self.cluster,
            "taskDefinition": self.task_definition,
            "capacityProviderStrategy": [{"capacityProvider": capacity, "weight": 1}],
            "count": 1,
            "startedBy": order.worker,
            "clientToken": self._token(order),
            # Those of the stack, which its owner pays by.
            "propagateTags": "TASK_DEFINITION",
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": list(self.subnets),
                    "securityGroups": list(self.security_groups),
                    "assignPublicIp": "ENABLED" if self.public else "DISABLED",
                }
            },
            "overrides": {"containerOverrides": [{"name": CONTAINER, "environment": variables}]},
        }
        try:
            answer = self.client.run_task(**arguments)
        except ClientError as error:
            if refused(error, *NO_ROOM):
                raise NoCapacity(str(error)) from error
            with translated():
                raise
        except Exception:
            with translated():
                raise
        if answer["failures"]:
            raise _no_room(capacity, ", ".join(failure.get("reason", "") for failure in answer["failures"]))

    def _token(self, order: Order) -> str:
        return sha256(f"{order.worker} {order.refusals} {self.task_definition}".encode()).hexdigest()

    def stop(self, worker: str, *, reason: str) -> None:
        """Stop whatever runs for the worker."""
        with translated():
            running = self.client.list_tasks(cluster=self.cluster, startedBy=worker, desiredStatus="RUNNING")
            for arn in running["taskArns"]:
                self.client.stop_task(cluster=self.cluster, task=arn, reason=reason)


class EndedTask(Struct, frozen=True):
    """What a task-state event says of a worker whose task has stopped.

    ``known`` says that ECS saw the process end, which it tells by the container's exit code; it has none of one whose
    host was lost. ``refusal``: it never ran for lack of room.
    """

    worker: str
    mailbox: str | None
    uid: str | None
    epoch: int | None
    known: bool = False
    refusal: NoCapacity | None = None


def ended(detail: Mapping[str, Any]) -> EndedTask | None:
    """Return whose task an ECS Task State Change event's ``detail`` says has stopped; None if none of ours has."""
    if detail.get("lastStatus") != "STOPPED" or not detail.get("startedBy"):
        return None
    variables = {
        variable["name"]: variable["value"]
        for override in detail.get("overrides", {}).get("containerOverrides", [])
        for variable in override.get("environment", [])
    }
    epoch, why = variables.get(EPOCH), detail.get("stoppedReason", "")
    return EndedTask(
        worker=detail["startedBy"],
        mailbox=variables.get(MAILBOX),
        uid=variables.get(UID),
        epoch=int(epoch) if epoch else None,
        known=any(_code(container) is not None for container in detail.get("containers", ())),
        refusal=_no_room(detail.get("capacityProviderName"), why) if NEVER_PLACED in why else None,
    )


def _code(container: Mapping[str, Any]) -> int | None:
    """Return the exit code of the worker's container; None of others, and where nobody saw it end."""
    return container.get("exitCode") if container.get("name") == CONTAINER else None


def _no_room(capacity: str | None, reason: str) -> NoCapacity:
    return NoSpotCapacity(reason) if capacity == SPOT else NoCapacity(reason)
