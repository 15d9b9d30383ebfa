"""What a role's policies allow."""

from typing import Any

import pytest

from infra.local.iam.policy import ApiUse, NotUnderstood, Statement, like, statements

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/switchboard"


def a_statement(**parts: Any) -> Statement:
    [one] = statements({"Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE} | parts})
    return one


def test_an_action_on_its_resource_is_allowed():
    assert a_statement().allows(ApiUse("dynamodb:GetItem", TABLE))


@pytest.mark.parametrize(
    "use",
    [
        ApiUse("dynamodb:PutItem", TABLE),
        ApiUse("dynamodb:GetItem", TABLE + "/index/due"),
        ApiUse("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/other"),
    ],
)
def test_anything_else_is_not(use: ApiUse):
    assert not a_statement().allows(use)


def test_an_action_is_written_in_any_case():
    assert a_statement(Action="DynamoDB:getitem").allows(ApiUse("dynamodb:GetItem", TABLE))


def test_stars_stand_for_anything():
    statement = a_statement(Action=["sqs:*", "dynamodb:Get*"], Resource=f"{TABLE}/index/*")
    assert statement.allows(ApiUse("dynamodb:GetItem", f"{TABLE}/index/due"))
    assert not statement.allows(ApiUse("dynamodb:Query", f"{TABLE}/index/due"))


def test_all_conditions_must_hold():
    statement = a_statement(
        Condition={
            "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"},
            "ArnEquals": {"ecs:cluster": "arn:c"},
        }
    )
    passed = ("iam:PassedToService", "ecs-tasks.amazonaws.com")
    assert statement.allows(ApiUse("dynamodb:GetItem", TABLE, (passed, ("ecs:cluster", "arn:c"))))
    assert not statement.allows(ApiUse("dynamodb:GetItem", TABLE, (passed,)))
    assert not statement.allows(ApiUse("dynamodb:GetItem", TABLE, (passed, ("ecs:cluster", "arn:d"))))


@pytest.mark.parametrize(
    "parts", [{"Effect": "Deny"}, {"NotAction": "s3:*"}, {"Condition": {"DateLessThan": {"aws:CurrentTime": "2026"}}}]
)
def test_what_it_cannot_judge_is_refused(parts: dict[str, Any]):
    with pytest.raises(NotUnderstood):
        a_statement(**parts)


def test_a_dot_in_a_pattern_is_a_dot():
    assert like("a.b?", "a.bc")
    assert not like("a.b", "axb")
