"""Which permissions a request needs."""

import json
from typing import Any

import pytest

from infra.local.iam.policy import Use
from infra.local.iam.uses import Unread, connection_use, uses

PLACE = ("123456789012", "us-east-1")
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/c"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


def needed(target: str, **body: Any) -> list[Use]:
    return uses(PLACE, target, json.dumps(body).encode(), lambda definition: (f"role of {definition}",))


def test_a_table_operation_needs_its_own_permission_on_the_table():
    assert needed("DynamoDB_20120810.UpdateItem", TableName="t") == [Use("dynamodb:UpdateItem", TABLE)]


def test_a_query_of_an_index_needs_it_on_the_index():
    assert needed("DynamoDB_20120810.Query", TableName="t", IndexName="due") == [
        Use("dynamodb:Query", f"{TABLE}/index/due")
    ]


def test_a_batch_needs_it_on_each_table():
    assert needed("DynamoDB_20120810.BatchGetItem", RequestItems={"t": {}}) == [Use("dynamodb:BatchGetItem", TABLE)]


def test_a_batch_of_messages_needs_what_one_message_does():
    assert needed("AmazonSQS.DeleteMessageBatch", QueueUrl="http://sqs/123456789012/q") == [
        Use("sqs:DeleteMessage", QUEUE)
    ]


def test_a_queue_that_is_made_with_tags_needs_leave_to_tag():
    assert needed("AmazonSQS.CreateQueue", QueueName="q", tags={"a": "b"}) == [
        Use("sqs:CreateQueue", QUEUE),
        Use("sqs:TagQueue", QUEUE),
    ]


def test_a_task_needs_leave_to_pass_its_definitions_roles():
    assert needed("AmazonEC2ContainerServiceV20141113.RunTask", cluster="c", taskDefinition="d:1", tags=[1]) == [
        Use("ecs:RunTask", "d:1", (("ecs:cluster", CLUSTER),)),
        Use("ecs:TagResource", "arn:aws:ecs:us-east-1:123456789012:task/c/new", (("ecs:CreateAction", "RunTask"),)),
        Use("iam:PassRole", "role of d:1", (("iam:PassedToService", "ecs-tasks.amazonaws.com"),)),
    ]


def test_the_cluster_may_come_by_its_arn():
    [use] = needed("AmazonEC2ContainerServiceV20141113.ListTasks", cluster=CLUSTER)
    assert use == Use("ecs:ListTasks", "*", (("ecs:cluster", CLUSTER),))


def test_a_watcher_is_written_to_through_its_api_and_stage():
    assert connection_use(PLACE, "local", "api", "POST") == Use(
        "execute-api:ManageConnections",
        "arn:aws:execute-api:us-east-1:123456789012:local/api/POST/@connections/watcher",
    )


@pytest.mark.parametrize("target", ["Kinesis_20131202.PutRecord", "AmazonEC2ContainerServiceV20141113.CreateService"])
def test_what_nobody_has_written_down_is_not_guessed(target: str):
    with pytest.raises(Unread):
        needed(target, cluster="c")
