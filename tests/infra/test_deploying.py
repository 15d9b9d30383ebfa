"""The whole template by way of the deployment: its change set, what follows it, and a second one that changes nothing."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from infra.deploy import CannotDeploy, artifacts, packaging
from infra.deploy import account as accounts
from infra.deploy.account import Account
from infra.deploy.choices import Choices
from infra.deploy.deployment import bring
from infra.deploy.destruction import destroy
from infra.deploy.rollback import ALARMS
from infra.package.building import Package
from tests.deploy import cloud as stands_in
from tests.deploy.cloud import QUOTA, Docker, environment, objects_disposed
from tests.infra.cloud import REGION, Cloud
from tests.infra.removal import as_cloudformation_does
from tests.infra.standing import standing

pytestmark = pytest.mark.subprocess

STACK = "switchboard-prod"


@pytest.fixture
def account(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    stands_in.as_cloudformation_does(monkeypatch)
    monkeypatch.setattr(FakeBucket, "get_permission", lambda *_: PermissionResult.NEUTRAL)
    for name, value in environment(cloud.url, REGION).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", str(Docker(tmp_path, sys.executable).path))
    with objects_disposed(monkeypatch):
        yield accounts.log_in(REGION)


def test_the_whole_template_is_deployed_changes_nothing_the_second_time_and_goes_again(
    cloud: Cloud, account: Account, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    whole = packaging.PackagedStack(package.archive, package.document(), package.page)
    choices = Choices("prod", {"LogDays": "90"}, tags={"team": "messaging"}, protect=True)
    bring(account, whole, choices, said.append)
    told = "\n".join(said)
    assert "The first administrator is admin, created now" in told
    assert "Address: https://" in told
    stack = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    given = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
    assert given["WorkerImage"].startswith(f"{account.number}.dkr.ecr.{REGION}.amazonaws.com/{STACK}-worker:")
    assert given["LogDays"] == "90"
    resources = cloud.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    (api,) = (one["PhysicalResourceId"] for one in resources if one["LogicalResourceId"] == "APIHandler")
    location = cloud.client("lambda").get_function(FunctionName=api)["Configuration"]
    assert location["CodeSize"] == package.archive.stat().st_size
    assert "286 calls may wait at a time, unless WaitingCalls says otherwise." in said
    # What is reserved now isn't free any more, as AWS says and moto doesn't.
    monkeypatch.setitem(QUOTA, "UnreservedConcurrentExecutions", 860)
    assert {one["Key"]: one["Value"] for one in stack["Tags"]} == {"application": "switchboard", "team": "messaging"}
    assert stack["EnableTerminationProtection"]
    said.clear()
    asked: list[dict[str, Any]] = []
    account.session.events.register("provide-client-params.cloudformation.CreateChangeSet", _noting(asked))
    bring(account, whole, Choices("prod", {}), said.append)
    assert "Nothing has changed." in said
    (change,) = asked
    assert {one["Key"] for one in change["Tags"]} == {"application", "team"}
    watched = change["RollbackConfiguration"]
    names = {one["Arn"].rpartition(":")[2] for one in watched["RollbackTriggers"]}
    physical = cloud.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    assert names == {one["PhysicalResourceId"] for one in physical if one["LogicalResourceId"] in ALARMS}
    assert (len(names), watched["MonitoringTimeInMinutes"]) == (5, 10)
    bucket = artifacts.bucket_name(account, STACK)
    templates = [
        one for one in cloud.client("s3").list_objects_v2(Bucket=bucket)["Contents"] if one["Key"].endswith("json")
    ]
    body = cloud.client("s3").get_object(Bucket=bucket, Key=templates[0]["Key"])["Body"].read()
    assert len(templates) == 1
    assert "Transform" not in json.loads(body)
    with pytest.raises(CannotDeploy, match="is protected from deletion"):
        destroy(Choices("prod", {}, region=REGION, confirmed="prod"), said.append)
    cloud.client("cloudformation").update_termination_protection(StackName=STACK, EnableTerminationProtection=False)
    destroyed(cloud, account)


def _noting(asked: list[dict[str, Any]]) -> Callable[..., None]:
    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(params)

    return note


def destroyed(cloud: Cloud, account: Account) -> None:
    """Remove the stage as ``make destroy`` does: what it says is kept is all that is there."""
    found = cloud.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    resources = {one["LogicalResourceId"]: (one["ResourceType"], one.get("PhysicalResourceId", "")) for one in found}
    said: list[str] = []
    with as_cloudformation_does(cloud.client):
        destroy(Choices("prod", {}, region=REGION, confirmed="prod"), said.append)
    left = standing(cloud.client, resources)
    assert left == {"Table", "DeviceFiles", "SigningKeys", "FailureBucket", "MediaBucket", "AccessLogRole"}
    told = "\n".join(said)
    assert [name for name in left if resources[name][1] not in told] == []
    assert f"The stack {STACK} is gone." in told
    for gone in ("The worker's images are gone.", "The bucket of the code is gone."):
        assert gone in told
