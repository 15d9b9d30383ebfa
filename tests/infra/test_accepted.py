"""What AWS does otherwise than the stand-ins: each was found in its documentation, and would only show in an account."""

import json

import pytest

from chalicelib.worker.handover import NEEDED
from infra.template import decided, references
from tests.infra.cloud import ACCOUNT, PARAMETERS, REGION, Cloud
from tests.infra.test_stack import statements

pytestmark = pytest.mark.subprocess


def test_cloudfront_keeps_no_error_for_the_next_caller(cloud: Cloud) -> None:
    """By default it does for ten seconds, by path alone, even where nothing is cached and the answer says no-store."""
    kept = cloud.asked("Distribution")["DistributionConfig"]["CustomErrorResponses"]
    # All that it can keep.
    assert [one["ErrorCode"] for one in kept] == [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]
    assert {one["ErrorCachingMinTTL"] for one in kept} == {0}
    assert {len(one) for one in kept} == {2}


def test_a_session_s_events_are_told_in_order(cloud: Cloud) -> None:
    """Batches of a shard side by side are in order by item, and messages are items of their own."""
    assert cloud.asked("FanoutMapping")["ParallelizationFactor"] == 1


def test_functions_that_are_still_the_old_ones_may_start_the_old_worker(cloud: Cloud) -> None:
    """CloudFormation changes the roles first: a permission for the new revision alone would take away the old one's."""
    role = decided(cloud.template, PARAMETERS)["Resources"]["ControlRole"]["Properties"]
    (start,) = [one for one in statements(role) if one["Action"] == "ecs:RunTask"]
    assert start["Resource"]["Fn::Sub"].endswith(":task-definition/${AWS::StackName}-worker:*")
    family = cloud.outputs["WorkerTaskDefinition"].rpartition(":")[0]
    assert family == f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{cloud.name}-worker"


def test_nothing_starts_a_worker_before_everything_stands(cloud: Cloud) -> None:
    """A worker of a creation that is taken back would keep the cluster and the subnets from being removed."""
    resources = cloud.template["Resources"]
    rule = resources["SweepRule"]
    assert {"PageBucketPolicy", "DeviceIngress"} <= set(rule["DependsOn"])
    network = {"DefaultRoute", "PrivateDefaultRouteA", "PrivateDefaultRouteB"}
    assert {"MountTargetA", "MountTargetB", *network} <= set(references(rule))
    # Where there is a distribution, the policy waits for it.
    assert "Distribution" in references(resources["PageBucketPolicy"]["Properties"])


def test_only_the_worker_s_own_role_asks_whose_task_it_is(cloud: Cloud) -> None:
    resources = cloud.template["Resources"]
    trusting = {
        name: one["Properties"]["AssumeRolePolicyDocument"]["Statement"][0].get("Condition")
        for name, one in resources.items()
        if name in {"WorkerRole", "WorkerStartRole"}
    }
    assert trusting == {
        "WorkerRole": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        "WorkerStartRole": None,
    }


def test_secrets_are_referred_to_in_full(cloud: Cloud) -> None:
    """With an ARN, which has colons of its own, every part of a dynamic reference is there."""
    told = json.dumps(cloud.template).split("{{resolve:")[1:]
    assert told
    assert {one.partition("}}")[0] + "}" for one in told} == {
        "secretsmanager:${EdgeSecret}:SecretString:::${EdgeSecretVersion}",
        "secretsmanager:${EdgeSecret}:SecretString:current::${EdgeSecretVersion}",
    }
    assert "EdgeSecret" in references(cloud.template["Resources"]["Distribution"])


def test_the_worker_is_told_all_that_it_won_t_start_without(cloud: Cloud) -> None:
    """The order comes with RunTask; the rest is in the definition, the region too, which Fargate doesn't promise."""
    described = cloud.client("ecs").describe_task_definition(taskDefinition=cloud.outputs["WorkerTaskDefinition"])
    (container,) = described["taskDefinition"]["containerDefinitions"]
    told = {one["name"]: one["value"] for one in container["environment"]}
    assert {name for name in NEEDED if not name.startswith("SWITCHBOARD_")} <= set(told)
    assert told["AWS_REGION"] == REGION
