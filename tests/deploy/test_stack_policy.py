"""The policies of the role that makes the stack, against the template's types and what their handlers call."""

import json
from fnmatch import fnmatchcase

import pytest

from infra import REPOSITORY
from infra.deploy.policy import EXAMPLE, POLICY_LETTERS, DeployerPlace
from infra.deploy.stack_policy import (
    APART,
    BESIDES,
    WHOLE,
    main,
    needed,
    permissions,
    policies,
    service_of,
    statements,
    types,
    written,
)
from infra.template import TEMPLATE, load_template

ALLOWED = {action for one in statements(EXAMPLE) for action in one["Action"]}


def test_the_one_in_the_documents_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    assert capsys.readouterr().out == (REPOSITORY / "docs" / "ci" / "stack-policy.json").read_text()


def test_each_is_small_enough_for_iam_and_a_role_takes_them_all() -> None:
    found = policies(EXAMPLE)
    assert all(len("".join(json.dumps(one).split())) <= POLICY_LETTERS for one in found)
    assert len(found) <= 10, "IAM's limit of policies a role"
    parts = range(1, len(found) + 1)
    assert [json.loads(written(EXAMPLE, part)) for part in parts] == found
    assert f"for part in {' '.join(map(str, parts))}; do" in (REPOSITORY / "docs" / "ci" / "README.md").read_text()


@pytest.mark.parametrize("kind", sorted(types()))
def test_each_type_may_be_made_changed_read_and_removed(kind: str) -> None:
    assert permissions()[kind], "AWS says what it calls"
    assert needed(kind), f"{service_of(kind)} is no service of its actions"
    assert needed(kind) <= ALLOWED


def test_nothing_is_allowed_that_no_type_needs() -> None:
    assert {one for kind in types() for one in needed(kind)} | set(BESIDES) == ALLOWED
    assert ALLOWED >= WHOLE | APART


def test_what_is_added_is_what_no_type_says_of_itself() -> None:
    assert not set(BESIDES) & {one for kind in types() for one in needed(kind)}


@pytest.mark.parametrize(
    ("written_there", "action"),
    [
        ("Fn::GetAZs", "ec2:DescribeAvailabilityZones"),
        ("{{resolve:secretsmanager:", "secretsmanager:GetSecretValue"),
        ("AWS::EFS::MountTarget", "ec2:CreateNetworkInterface"),
        ("TaskRoleArn", "iam:PassRole"),
        ("PermissionsBoundary", "iam:PutRolePermissionsBoundary"),
        ("ReservedConcurrentExecutions", "lambda:PutFunctionConcurrency"),
        ("RecursiveLoop", "lambda:PutFunctionRecursionConfig"),
        ("BackupPolicy", "elasticfilesystem:PutBackupPolicy"),
    ],
)
def test_what_the_template_asks_of_cloudformation_itself_is_allowed(written_there: str, action: str) -> None:
    assert written_there in json.dumps(load_template(TEMPLATE).document)
    assert action in ALLOWED


@pytest.mark.parametrize("service", sorted({service_of(kind) for kind in types()} - {"apigateway", "route53"}))
def test_whatever_has_tags_may_be_tagged(service: str) -> None:
    tagging = {"TagResource", "TagQueue", "TagRole", "CreateTags", "PutBucketTagging"}
    assert {action.partition(":")[2] for action in ALLOWED if action.startswith(f"{service}:")} & tagging


@pytest.mark.parametrize(
    "action",
    [
        *("dynamodb:Query", "dynamodb:PutItem", "sqs:ReceiveMessage", "s3:PutObject", "lambda:InvokeFunction"),
        *("ecs:RunTask", "iam:CreateUser", "iam:PutUserPolicy", "iam:CreatePolicy", "sts:AssumeRole"),
        *("organizations:LeaveOrganization", "cloudformation:CreateStack"),
    ],
)
def test_it_reads_no_data_starts_nothing_and_makes_no_users(action: str) -> None:
    assert action not in ALLOWED


def test_what_has_the_stack_s_name_is_bounded_by_it() -> None:
    mine, other = (DeployerPlace(stage, "123456789012", "eu-west-1", "") for stage in ("prod", "dev"))
    named = {
        "dynamodb:DeleteTable": "table",
        "s3:DeleteBucket": "s3",
        "iam:DeleteRole": "role",
        "sqs:DeleteQueue": "sqs",
    }
    for action in named:
        (allowed,) = [one["Resource"] for one in statements(mine) if action in one["Action"]]
        assert all(mine.stack in arn for arn in allowed), action
        assert not any(fnmatchcase(arn.replace(mine.stack, other.stack), form) for arn in allowed for form in allowed)


def test_what_has_no_name_is_bounded_by_the_region() -> None:
    anywhere = {
        action.partition(":")[0]
        for one in statements(EXAMPLE)
        if one["Resource"] == ["*"] and "Condition" not in one
        for action in one["Action"]
    }
    assert anywhere == {"cloudfront", "iam", "route53", "wafv2"}


def test_roles_are_handed_over_to_what_the_stack_has_and_to_nobody_else() -> None:
    (passing,) = [one for one in statements(EXAMPLE) if "iam:PassRole" in one["Action"]]
    assert passing["Action"] == ["iam:PassRole"]
    assert all("switchboard-prod-" in arn for arn in passing["Resource"])
    services = passing["Condition"]["StringEquals"]["iam:PassedToService"]
    assert services == ["apigateway.amazonaws.com", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]
