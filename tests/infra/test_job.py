"""The main job against the whole stack, by nothing but what the stack tells: up to the task that ECS accepts."""

import json
import os
import subprocess
import sys

import pytest

from infra.deploy.keys import new_keys
from infra.local.settings import REPOSITORY


@pytest.fixture(scope="module")
def done(cloud):
    """Have the functions create a session and connect it; return what they answered, and the task that came of it."""
    cloud.client("secretsmanager").put_secret_value(
        SecretId=cloud.outputs["SigningKeysSecret"], SecretString=json.dumps(new_keys())
    )
    table = cloud.client("dynamodb").describe_table(TableName=cloud.outputs["TableName"])["Table"]
    filters = cloud.asked("ControlMapping")["FilterCriteria"]["Filters"]
    finished = subprocess.run(
        [sys.executable, "-m", "tests.infra.driving", table["LatestStreamArn"]],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"]} | cloud.sdk_environment() | cloud.function_environment("APIHandler"),
        input=json.dumps([json.loads(one["Pattern"]) for one in filters]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    ecs = cloud.client("ecs")
    tasks = ecs.list_tasks(cluster=cloud.outputs["ClusterName"])["taskArns"]
    found = ecs.describe_tasks(cluster=cloud.outputs["ClusterName"], tasks=tasks)["tasks"]
    return json.loads(finished.stdout), found


def test_the_session_is_created_and_wanted_running(done):
    answers, _ = done
    assert (answers["login"], answers["created"]["status"], answers["connected"]["status"]) == (200, 201, 200)
    assert answers["handled"] == {"batchItemFailures": []}
    assert answers["records"] == 2


def test_one_task_is_accepted_for_it(done, cloud):
    _, tasks = done
    assert len(tasks) == 1
    assert tasks[0]["taskDefinitionArn"] == cloud.outputs["WorkerTaskDefinition"]


def test_the_task_is_told_whose_it_is_and_no_secret(done, cloud):
    _, (task,) = done
    (override,) = task["overrides"]["containerOverrides"]
    told = {one["name"]: one["value"] for one in override["environment"]}
    assert override["name"] == "worker"
    assert told["SWITCHBOARD_SESSION"] == "5511999990001"
    assert told["SWITCHBOARD_WORKER"] == task["startedBy"] == f"{told['SWITCHBOARD_UID']}-{told['SWITCHBOARD_EPOCH']}"
    assert set(told) == {f"SWITCHBOARD_{name}" for name in ("WORKER", "MAILBOX", "TENANT", "SESSION", "UID", "EPOCH")}


def test_its_mailbox_is_there_under_the_stack_s_prefix(done, cloud):
    _, (task,) = done
    prefix = cloud.function_environment("Control")["QUEUE_PREFIX"]
    (url,) = cloud.client("sqs").list_queues(QueueNamePrefix=prefix)["QueueUrls"]
    assert url.endswith(f"/{prefix}{task['startedBy']}")


def test_the_task_stands_in_the_stack_s_subnets_behind_its_security_group(done, cloud):
    _, (task,) = done
    (attachment,) = task["attachments"]
    details = {one["name"]: one["value"] for one in attachment["details"]}
    assert details["subnetId"] in (cloud.physical["SubnetA"], cloud.physical["SubnetB"])
    interface = cloud.client("ec2").describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])
    (group,) = interface["NetworkInterfaces"][0]["Groups"]
    assert group["GroupId"] == cloud.physical["WorkerSecurityGroup"]


def test_the_task_runs_under_the_worker_s_own_role(cloud):
    described = cloud.client("ecs").describe_task_definition(taskDefinition=cloud.outputs["WorkerTaskDefinition"])
    roles = cloud.client("iam")
    definition = described["taskDefinition"]
    for name, role in (("taskRoleArn", "WorkerRole"), ("executionRoleArn", "WorkerStartRole")):
        assert definition[name] == roles.get_role(RoleName=cloud.physical[role])["Role"]["Arn"]
