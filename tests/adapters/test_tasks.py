"""RunTask as moto is asked for it: what makes two calls the same, and what doesn't."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from chalicelib.adapters.tasks import EcsWorkers, ended
from chalicelib.domain.lease import Order
from chalicelib.services.ports import NoCapacity, NoSpotCapacity

ORDER = Order(worker="u-1", mailbox="https://queue/u-1", tenant="default", session="ana", uid="u", epoch=1)
FULL = "Capacity is unavailable at this time. Please try again later or in a different availability zone"


class Cluster:
    """A cluster with two revisions of a task definition, and the calls that were made."""

    def __init__(self) -> None:
        self.client = boto3.client("ecs")
        self.client.create_cluster(clusterName="switchboard")
        container: Any = {"name": "worker", "image": "local", "memory": 512}
        self.revisions = [
            self.client.register_task_definition(family="worker", containerDefinitions=[container])["taskDefinition"][
                "taskDefinitionArn"
            ]
            for _ in range(2)
        ]
        ec2 = boto3.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        self.subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        self.group = ec2.create_security_group(GroupName="w", Description="w", VpcId=vpc)["GroupId"]
        self.calls: list[dict[str, Any]] = []
        self.full: set[str] = set()
        self.client.meta.events.register("before-call.ecs.RunTask", self._note)

    def _note(self, params: dict[str, Any], **_: Any) -> Any:
        call = json.loads(params["body"])
        self.calls.append(call)
        refused = {one["capacityProvider"] for one in call["capacityProviderStrategy"]} & self.full
        # moto has room for everybody: this is ECS's answer where there is none.
        return (SimpleNamespace(status_code=200), {"tasks": [], "failures": [{"reason": FULL}]}) if refused else None

    def workers(self, revision: int, capacity: str = "FARGATE") -> EcsWorkers:
        return EcsWorkers(
            self.client, "switchboard", self.revisions[revision], [self.subnet], [self.group], capacity=capacity
        )


@pytest.fixture
def cluster(aws):
    return Cluster()


def test_the_same_order_comes_with_the_same_token_so_that_no_second_task_is_started(cluster):
    for _ in range(2):
        cluster.workers(0).start(ORDER)
    first, second = cluster.calls
    assert first == second
    assert len(first["clientToken"]) <= 64


def test_a_task_has_the_tags_of_its_definition_which_are_the_stack_s(cluster):
    cluster.workers(0).start(ORDER)
    assert cluster.calls[0]["propagateTags"] == "TASK_DEFINITION"


def test_after_an_upgrade_the_order_s_token_is_another_one_since_ecs_would_refuse_it(cluster):
    for revision in (0, 1):
        cluster.workers(revision).start(ORDER)
    first, second = cluster.calls
    assert first["taskDefinition"] != second["taskDefinition"]
    assert first["clientToken"] != second["clientToken"]


def test_a_worker_s_task_is_found_by_its_name_and_stopped(cluster):
    workers = cluster.workers(0)
    workers.start(ORDER)
    workers.stop(ORDER.worker, reason="A newer version takes over.")
    workers.stop("nobody", reason="It isn't there.")
    listed = cluster.client.list_tasks(cluster="switchboard", desiredStatus="STOPPED")["taskArns"]
    (task,) = cluster.client.describe_tasks(cluster="switchboard", tasks=listed)["tasks"]
    assert (task["startedBy"], task["stoppedReason"]) == ("u-1", "A newer version takes over.")


def test_spot_that_is_full_is_told_from_a_region_that_is(cluster):
    cluster.full = {"FARGATE", "FARGATE_SPOT"}
    with pytest.raises(NoSpotCapacity, match="Capacity is unavailable"):
        cluster.workers(0, "FARGATE_SPOT").start(ORDER)
    for order, capacity in ((replace(ORDER, on_demand=True), "FARGATE_SPOT"), (ORDER, "FARGATE")):
        with pytest.raises(NoCapacity) as refused:
            cluster.workers(0, capacity).start(order)
        assert not isinstance(refused.value, NoSpotCapacity)


def test_what_is_refused_on_spot_is_another_request_on_demand(cluster):
    cluster.full = {"FARGATE_SPOT"}
    workers = cluster.workers(0, "FARGATE_SPOT")
    with pytest.raises(NoSpotCapacity):
        workers.start(ORDER)
    workers.start(replace(ORDER, refusals=1, on_demand=True))
    first, second = cluster.calls
    assert [call["capacityProviderStrategy"][0]["capacityProvider"] for call in cluster.calls] == [
        "FARGATE_SPOT",
        "FARGATE",
    ]
    assert first["clientToken"] != second["clientToken"], "ECS keeps its answer to a token for a day"


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({"stoppedReason": FULL, "capacityProviderName": "FARGATE_SPOT"}, NoSpotCapacity),
        ({"stoppedReason": FULL, "capacityProviderName": "FARGATE"}, NoCapacity),
        ({"stoppedReason": "Essential container in task exited"}, type(None)),
        ({}, type(None)),
    ],
)
def test_a_task_that_ended_for_lack_of_room_says_so(told, refusal):
    task = ended({"lastStatus": "STOPPED", "startedBy": "u-1", **told})
    assert task
    assert type(task.refusal) is refusal


@pytest.mark.parametrize(
    ("containers", "known"),
    [
        ([{"name": "worker", "exitCode": 0}], True),
        ([{"name": "worker", "exitCode": 137}], True),
        ([{"name": "worker"}], False),
        ([{"name": "worker", "exitCode": None}], False),
        ([{"name": "sidecar", "exitCode": 0}, {"name": "worker"}], False),
        ([], False),
    ],
)
def test_an_exit_code_tells_that_the_process_was_seen_to_end(containers, known):
    task = ended({"lastStatus": "STOPPED", "startedBy": "u-1", "containers": containers})
    assert task
    assert task.known is known
