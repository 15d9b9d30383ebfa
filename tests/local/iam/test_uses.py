"""Which permissions a request needs."""

import io
import json
from typing import Any

import pytest

from infra.local.iam.policy import ApiUse
from infra.local.iam.uses import Unread, connection_use, uses
from infra.local.moto.s3 import named

PLACE = ("123456789012", "us-east-1")
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/c"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


def needed(target: str, **body: Any) -> list[ApiUse]:
    return uses(PLACE, target, json.dumps(body).encode(), lambda definition: (f"role of {definition}",))


def test_a_table_operation_needs_its_own_permission_on_the_table():
    assert needed("DynamoDB_20120810.UpdateItem", TableName="t") == [ApiUse("dynamodb:UpdateItem", TABLE)]


def test_a_query_of_an_index_needs_it_on_the_index():
    assert needed("DynamoDB_20120810.Query", TableName="t", IndexName="due") == [
        ApiUse("dynamodb:Query", f"{TABLE}/index/due")
    ]


def test_a_batch_needs_it_on_each_table():
    assert needed("DynamoDB_20120810.BatchGetItem", RequestItems={"t": {}}) == [ApiUse("dynamodb:BatchGetItem", TABLE)]


@pytest.mark.parametrize(
    ("method", "path", "query", "permission", "resource"),
    [
        ("PUT", "/b/media/t/u/md_1", "", "PutObject", "b/media/t/u/md_1"),
        ("GET", "/b/a%20b", "", "GetObject", "b/a b"),
        ("HEAD", "/b/a", "", "GetObject", "b/a"),
        ("DELETE", "/b/a", "", "DeleteObject", "b/a"),
        ("GET", "/b", "list-type=2", "ListBucket", "b"),
        ("GET", "/b", "acl", "Unknown", "b"),
        ("POST", "/b/a", "uploads", "Unknown", "b/a"),
    ],
)
def test_a_request_to_a_bucket_needs_what_its_method_and_path_say(
    method: str, path: str, query: str, permission: str, resource: str
) -> None:
    asked = named(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=me.1/20261121/us-east-1/s3/aws4_request, Signature=0",
        }
    )
    assert asked
    assert uses(PLACE, *asked, lambda _: ()) == [
        ApiUse(f"s3:{permission}", f"arn:aws:s3:::{resource}", (("s3:ResourceAccount", PLACE[0]),))
    ]


def test_a_list_says_of_what() -> None:
    (use,) = asked_of_s3(QUERY_STRING="list-type=2&prefix=media%2Ft%2F&encoding-type=url")
    assert (use.action, use.resource) == ("s3:ListBucket", "arn:aws:s3:::b")
    assert ("s3:prefix", "media/t/") in use.context


def test_removing_many_needs_it_on_each() -> None:
    body = io.BytesIO(b"<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key></Object></Delete>")
    did = asked_of_s3(REQUEST_METHOD="POST", QUERY_STRING="delete", **{"wsgi.input": body})
    assert [(use.action, use.resource) for use in did] == [
        ("s3:DeleteObject", "arn:aws:s3:::b/a&b"),
        ("s3:DeleteObject", "arn:aws:s3:::b/c"),
    ]


def test_a_copy_needs_to_read_where_it_is_made_from() -> None:
    did = asked_of_s3(REQUEST_METHOD="PUT", PATH_INFO="/b/to", HTTP_X_AMZ_COPY_SOURCE="b/from%20it")
    assert [(use.action, use.resource) for use in did] == [
        ("s3:PutObject", "arn:aws:s3:::b/to"),
        ("s3:GetObject", "arn:aws:s3:::b/from it"),
    ]


def asked_of_s3(**environ: Any) -> list[ApiUse]:
    """Return what a request to a bucket needs."""
    credential = "AWS4-HMAC-SHA256 Credential=me.1/20261121/us-east-1/s3/aws4_request, Signature=0"
    asked = named({"REQUEST_METHOD": "GET", "PATH_INFO": "/b", "HTTP_AUTHORIZATION": credential, **environ})
    assert asked
    return uses(PLACE, *asked, lambda _: ())


@pytest.mark.parametrize("authorization", ["", "AWS4-HMAC-SHA256 Credential=me/20261121/us-east-1/sqs/aws4_request, x"])
def test_a_request_to_another_service_is_not_taken_for_a_bucket_s(authorization: str) -> None:
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/b/a", "HTTP_AUTHORIZATION": authorization}
    assert named(asked) is None


def test_a_batch_of_messages_needs_what_one_message_does():
    assert needed("AmazonSQS.DeleteMessageBatch", QueueUrl="http://sqs/123456789012/q") == [
        ApiUse("sqs:DeleteMessage", QUEUE)
    ]


def test_a_queue_that_is_made_with_tags_needs_leave_to_tag():
    assert needed("AmazonSQS.CreateQueue", QueueName="q", tags={"a": "b"}) == [
        ApiUse("sqs:CreateQueue", QUEUE),
        ApiUse("sqs:TagQueue", QUEUE),
    ]


@pytest.mark.parametrize("tagged", [{"tags": [1]}, {"propagateTags": "TASK_DEFINITION"}])
def test_a_task_needs_leave_to_pass_its_definitions_roles_and_to_have_tags(tagged):
    assert needed("AmazonEC2ContainerServiceV20141113.RunTask", cluster="c", taskDefinition="d:1", **tagged) == [
        ApiUse("ecs:RunTask", "d:1", (("ecs:cluster", CLUSTER),)),
        ApiUse("ecs:TagResource", "arn:aws:ecs:us-east-1:123456789012:task/c/new", (("ecs:CreateAction", "RunTask"),)),
        ApiUse("iam:PassRole", "role of d:1", (("iam:PassedToService", "ecs-tasks.amazonaws.com"),)),
    ]


def test_the_cluster_may_come_by_its_arn():
    [use] = needed("AmazonEC2ContainerServiceV20141113.ListTasks", cluster=CLUSTER)
    assert use == ApiUse("ecs:ListTasks", "*", (("ecs:cluster", CLUSTER),))


def test_a_watcher_is_written_to_through_its_api_and_stage():
    assert connection_use(PLACE, "local", "api", "POST") == ApiUse(
        "execute-api:ManageConnections",
        "arn:aws:execute-api:us-east-1:123456789012:local/api/POST/@connections/watcher",
    )


@pytest.mark.parametrize("target", ["Kinesis_20131202.PutRecord", "AmazonEC2ContainerServiceV20141113.CreateService"])
def test_what_nobody_has_written_down_is_not_guessed(target: str):
    with pytest.raises(Unread):
        needed(target, cluster="c")
