"""The template's roles by who has them."""

from typing import Any

import pytest

from infra.local.iam.policy import ApiUse, roles_of, statements_of, without_names

RESOURCES: dict[str, dict[str, Any]] = {
    "Control": {"Properties": {"Role": {"Fn::GetAtt": ["ControlRole", "Arn"]}}},
    "WorkerTask": {"Properties": {"TaskRoleArn": {"Fn::GetAtt": ["WorkerRole", "Arn"]}}},
    "Cluster": {"Type": "AWS::ECS::Cluster"},
    "ControlRole": {
        "Properties": {
            "Policies": [
                {"PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": "arn:x"}]}},
                {"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "d:E", "Resource": ["arn:y", "arn:z"]}}},
            ]
        }
    },
    "WideRole": {"Properties": {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"], "Policies": []}},
}


def test_functions_and_workers_have_the_roles_that_the_template_gives_them():
    assert roles_of(RESOURCES) == {"Control": "ControlRole", "WorkerTask": "WorkerRole"}


def test_a_role_allows_what_its_policies_say_together():
    allowed = statements_of("ControlRole", RESOURCES)
    assert any(one.allows(ApiUse("a:C", "arn:x")) for one in allowed)
    assert any(one.allows(ApiUse("d:E", "arn:z")) for one in allowed)
    assert not any(one.allows(ApiUse("a:B", "arn:y")) for one in allowed)


def test_a_policy_from_elsewhere_is_not_taken_for_granted():
    with pytest.raises(KeyError, match="not in the template"):
        statements_of("WideRole", RESOURCES)


def test_what_exists_beside_the_template_is_filled_in():
    names = {"WebsocketAPI": "local", "AWS::Region": "us-east-1"}
    policy = {"Resource": [{"Fn::Sub": "arn:${AWS::Region}:${WebsocketAPI}/*"}, {"Ref": "WebsocketAPI"}], "Sid": "Push"}
    assert without_names(policy, names) == {"Resource": ["arn:us-east-1:local/*", "local"], "Sid": "Push"}
