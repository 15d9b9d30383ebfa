"""The main job against the whole stack, by nothing but what the stack tells: up to the task that ECS accepts."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from infra import REPOSITORY
from infra.deploy.account import new_keys
from tests.infra.cloud import Cloud, moto_cloud

pytestmark = pytest.mark.subprocess
EDGE = {"EDGE_SECRET": json.dumps({"current": "what CloudFront shows"})}
"""CloudFormation puts the secret's value there; moto leaves the reference as it is written."""


@dataclass(frozen=True)
class Done:
    """What the functions answered, the tasks that came of it, and what else the stack had then."""

    answers: dict[str, Any]
    tasks: list[dict[str, Any]]
    definition: dict[str, Any]
    groups: list[str]
    mailboxes: list[str]
    prefix: str
    outputs: dict[str, str]
    physical: dict[str, str]
    roles: dict[str, str]

    @property
    def told(self) -> dict[str, str]:
        (override,) = self.tasks[0]["overrides"]["containerOverrides"]
        return {one["name"]: one["value"] for one in override["environment"]}

    @property
    def place(self) -> dict[str, str]:
        return {one["name"]: one["value"] for one in self.tasks[0]["attachments"][0]["details"]}


@pytest.fixture(scope="module")
def done(package) -> Done:
    """Have the functions create a session and connect it."""
    with moto_cloud(package, "switchboard-job") as cloud:
        cloud.create()
        keys = {"SecretId": cloud.outputs["SigningKeysSecret"], "SecretString": json.dumps(new_keys())}
        cloud.client("secretsmanager").put_secret_value(**keys)
        answers, ecs = ordered(cloud), cloud.client("ecs")
        here = {"cluster": cloud.outputs["ClusterName"]}
        tasks = ecs.describe_tasks(tasks=ecs.list_tasks(**here)["taskArns"], **here)["tasks"]
        described = ecs.describe_task_definition(taskDefinition=cloud.outputs["WorkerTaskDefinition"])
        (attachment,) = tasks[0]["attachments"]
        interface = next(one["value"] for one in attachment["details"] if one["name"] == "networkInterfaceId")
        found = cloud.client("ec2").describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
        prefix = cloud.function_environment("Control")["QUEUE_PREFIX"]
        iam = cloud.client("iam")
        return Done(
            answers=answers,
            tasks=tasks,
            definition=described["taskDefinition"],
            groups=[one["GroupId"] for one in found[0]["Groups"]],
            mailboxes=cloud.client("sqs").list_queues(QueueNamePrefix=prefix)["QueueUrls"],
            prefix=prefix,
            outputs=cloud.outputs,
            physical=cloud.physical,
            roles={
                name: iam.get_role(RoleName=cloud.physical[name])["Role"]["Arn"]
                for name in ("WorkerRole", "WorkerStartRole")
            },
        )


def ordered(cloud: Cloud) -> dict[str, Any]:
    table = cloud.client("dynamodb").describe_table(TableName=cloud.outputs["TableName"])["Table"]
    filters = cloud.asked("ControlMapping")["FilterCriteria"]["Filters"]
    finished = subprocess.run(
        [sys.executable, "-m", "tests.infra.driving", table["LatestStreamArn"]],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"]} | cloud.sdk_environment() | cloud.function_environment("APIHandler") | EDGE,
        input=json.dumps([json.loads(one["Pattern"]) for one in filters]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return dict(json.loads(finished.stdout))


def test_the_session_is_created_and_wanted_running(done):
    answers = done.answers
    assert (answers["login"], answers["created"]["status"], answers["connected"]["status"]) == (200, 201, 200)
    assert answers["handled"] == {"batchItemFailures": []}
    assert answers["records"] == 2


def test_one_task_is_accepted_for_it(done):
    (task,) = done.tasks
    assert task["taskDefinitionArn"] == done.outputs["WorkerTaskDefinition"]
    assert done.outputs["ClusterName"] in task["clusterArn"]


def test_the_task_is_told_whose_it_is_and_no_secret(done):
    told = done.told
    assert told["SWITCHBOARD_SESSION"] == "5511999990001"
    worker = f"{told['SWITCHBOARD_UID']}-{told['SWITCHBOARD_EPOCH']}"
    assert told["SWITCHBOARD_WORKER"] == done.tasks[0]["startedBy"] == worker
    assert set(told) == {f"SWITCHBOARD_{name}" for name in ("WORKER", "MAILBOX", "TENANT", "SESSION", "UID", "EPOCH")}


def test_its_mailbox_is_there_under_the_stack_s_prefix(done):
    (url,) = done.mailboxes
    assert url == done.told["SWITCHBOARD_MAILBOX"]
    assert url.endswith(f"/{done.prefix}{done.told['SWITCHBOARD_WORKER']}")


def test_the_task_stands_in_the_stack_s_subnets_behind_its_security_group(done):
    assert done.place["subnetId"] in (done.physical["SubnetA"], done.physical["SubnetB"])
    assert done.groups == [done.physical["WorkerSecurityGroup"]]


def test_the_task_runs_under_the_worker_s_own_role(done):
    assert done.definition["taskRoleArn"] == done.roles["WorkerRole"]
    assert done.definition["executionRoleArn"] == done.roles["WorkerStartRole"]
