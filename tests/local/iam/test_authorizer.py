"""Where the local AWS asks whether a request is allowed."""

import json

import pytest

from infra.local.iam.callers import Callers
from infra.local.iam.permissions import Authorizer, Permissions
from infra.local.iam.policy import statements

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
WATCHERS = "arn:aws:execute-api:us-east-1:123456789012:local/api/POST/@connections/*"
GET = ("DynamoDB_20120810.GetItem", json.dumps({"TableName": "t"}).encode())
PUT = ("DynamoDB_20120810.PutItem", json.dumps({"TableName": "t"}).encode())


CALLERS = Callers()


def signed(caller: str) -> str:
    return signed_with(CALLERS.key_id(caller))


def signed_with(key_id: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential={key_id}/20261121/us-east-1/dynamodb/aws4_request, Signature=0"


@pytest.fixture
def authorizer() -> Authorizer:
    allowed = statements(
        {
            "Statement": [
                {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE},
                {"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": WATCHERS},
            ]
        }
    )
    return Authorizer(("123456789012", "us-east-1"), Permissions({"Fanout": tuple(allowed)}), lambda _: (), CALLERS)


def test_what_the_role_allows_is_let_through_and_noted(authorizer: Authorizer):
    assert authorizer.service(signed("Fanout"), *GET) is None
    assert authorizer.connections(signed("Fanout"), "POST") is None
    assert authorizer.permissions.used["Fanout"] == {
        ("dynamodb:GetItem", TABLE),
        ("execute-api:ManageConnections", WATCHERS.replace("*", "watcher")),
    }
    assert authorizer.permissions.refused == []


def test_anything_else_is_refused_in_awss_words_and_noted(authorizer: Authorizer):
    denied = authorizer.service(signed("Fanout"), *PUT)
    assert denied is not None
    assert "Fanout is not authorized to perform: dynamodb:PutItem" in denied
    assert authorizer.permissions.refused == [f"Fanout: dynamodb:PutItem on {TABLE}"]
    assert authorizer.connections(signed("Fanout"), "DELETE") is not None


def test_a_caller_without_a_role_may_do_nothing(authorizer: Authorizer):
    assert authorizer.service(signed("Wake"), *GET) is not None


def test_the_operator_may_do_everything(authorizer: Authorizer):
    assert authorizer.service(signed("local"), *PUT) is None


def test_a_request_that_nobody_knows_the_permission_of_is_refused(authorizer: Authorizer):
    assert authorizer.service(signed("Fanout"), "Kinesis_20131202.PutRecord", b"{}") is not None


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer x", signed_with("local"), signed_with("Fanout"), signed_with(Callers().key_id("local"))],
)
def test_who_was_given_no_secret_of_this_run_is_nobody(authorizer: Authorizer, authorization: str):
    assert "invalid" in (authorizer.service(authorization, *GET) or "")
    assert "invalid" in (authorizer.connections(authorization, "POST") or "")
