"""Why a standby isn't there, as ECS and the functions' log have it."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.moto_api import state_manager

from infra.smoke.target import SmokeTarget
from infra.smoke.workers import STANDBY, Fleet

PULL = "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'"


class Cluster:
    """A cluster with tasks, a pool, and the functions' log, in moto."""

    def __init__(self) -> None:
        self.ecs, self.logs = boto3.client("ecs"), boto3.client("logs")
        self.ecs.create_cluster(clusterName="switchboard")
        container: Any = {"name": "worker", "image": "local", "memory": 512}
        made = self.ecs.register_task_definition(family="worker", containerDefinitions=[container])
        self.task = made["taskDefinition"]["taskDefinitionArn"]
        self.logs.create_log_group(logGroupName="functions")
        self.logs.create_log_stream(logGroupName="functions", logStreamName="control")
        vpc = boto3.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        boto3.client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        self._subnet = boto3.client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        self._group = boto3.client("ec2").create_security_group(GroupName="w", Description="w", VpcId=vpc)["GroupId"]

    @property
    def fleet(self) -> Fleet:
        resources = {"Cluster": "switchboard", "WorkerTask": self.task, "Table": "table", "Logs": "functions"}
        client: Any = boto3.client
        return Fleet(SmokeTarget("http://localhost", "admin", "", client, resources, 1))

    def start(self, worker: str) -> str:
        place: Any = {"awsvpcConfiguration": {"subnets": [self._subnet], "securityGroups": [self._group]}}
        started = self.ecs.run_task(
            cluster="switchboard",
            taskDefinition=self.task,
            startedBy=worker,
            launchType="FARGATE",
            networkConfiguration=place,
        )
        return str(started["tasks"][0]["taskArn"])

    def write(self, **fields: Any) -> None:
        event: Any = {"timestamp": int(time.time() * 1000), "message": json.dumps(fields)}
        self.logs.put_log_events(logGroupName="functions", logStreamName="control", logEvents=[event])


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    with mock_aws():
        state_manager.set_transition("ecs::task", {"progression": "manual", "times": 10**9})
        yield Cluster()
        state_manager.unset_transition("ecs::task")


def test_a_task_that_was_stopped_is_told_with_ecs_s_reason(cluster: Cluster) -> None:
    cluster.start("standby-2")
    cluster.ecs.stop_task(cluster="switchboard", task=cluster.start("standby-1"), reason=PULL)
    assert cluster.fleet.why_none(STANDBY) == f"ECS stopped its task: {PULL}."


def test_a_task_that_is_coming_is_told_with_its_state(cluster: Cluster) -> None:
    cluster.ecs.stop_task(cluster="switchboard", task=cluster.start("session-1"), reason="Its session was stopped.")
    cluster.start("standby-1")
    assert cluster.fleet.why_none(STANDBY) == "Its task runs and gives no sign of life: see the workers' log."


def test_a_launch_that_was_refused_is_told_with_the_reason_that_the_functions_logged(cluster: Cluster) -> None:
    cluster.write(message="figures", LaunchesRefused=1, why="an older reason")
    cluster.write(message="figures", LaunchesRefused=1, why="You've reached the limit on the number of vCPUs")
    cluster.write(message="figures", Sweeps=1)
    why = cluster.fleet.why_none(STANDBY)
    assert why == "ECS starts no task: You've reached the limit on the number of vCPUs"


def test_where_nothing_is_known_it_says_where_to_look(cluster: Cluster) -> None:
    assert cluster.fleet.why_none(STANDBY) == "ECS has no task of it: see the functions' log."
