"""The way to moto without a socket."""

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from infra.local.aws import REGION
from infra.local.moto.server import answer_inside


@pytest.fixture
def nobody_listens(aws, monkeypatch):
    """A moto whose address leads to nobody, so that only what needs no socket is answered."""
    monkeypatch.setattr(type(aws.server), "url", "http://127.0.0.1:9")
    return aws


def test_rows_are_written_and_read_without_a_socket(nobody_listens):
    client, table = nobody_listens.client("dynamodb"), nobody_listens.variables["TABLE_NAME"]
    item = {"pk": {"S": "p"}, "sk": {"S": "s"}, "text": {"S": "Grüße"}}
    client.put_item(TableName=table, Item=item)
    assert client.get_item(TableName=table, Key={"pk": {"S": "p"}, "sk": {"S": "s"}})["Item"] == item


def test_a_refusal_is_the_same_as_over_a_socket(aws):
    told = aws.environment()
    over = boto3.client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=aws.url,
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )
    answers = []
    for client in (over, aws.client("dynamodb")):
        with pytest.raises(ClientError) as refused:
            client.get_item(TableName="nothing", Key={"pk": {"S": "p"}})
        answers.append((refused.value.response["Error"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]))
    assert answers[0] == answers[1]


def test_who_may_not_is_refused_here_too(nobody_listens):
    nobody_listens.server.denial = lambda *_: "not you"
    with pytest.raises(ClientError, match=r"AccessDeniedException.*not you"):
        nobody_listens.client("sqs").list_queues()


def test_another_service_goes_over_the_socket(nobody_listens):
    with pytest.raises((EndpointConnectionError, ConnectionClosedError)):
        nobody_listens.client("ecs").list_clusters()


def test_what_both_a_session_and_its_client_would_answer_is_done_once(aws, monkeypatch):
    session = boto3.Session(region_name=REGION)
    answer_inside(session.events, aws.server)
    monkeypatch.setattr(boto3, "client", session.client)
    client = aws.client("sqs")
    queue = client.create_queue(QueueName="once")["QueueUrl"]
    client.send_message(QueueUrl=queue, MessageBody="once")
    told = client.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    assert told["Attributes"]["ApproximateNumberOfMessages"] == "1"
