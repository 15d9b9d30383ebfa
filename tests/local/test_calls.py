"""The record of calls to the local AWS."""

import asyncio
import json
from typing import Any

import boto3
import pytest
from aiohttp.test_utils import TestClient, TestServer

from infra.local.calls import MAILBOX, CallRecorder, kind_of, queue_names
from infra.local.faults import TableOutage, control_app
from infra.local.iam.callers import OPERATOR, WORKER
from infra.local.moto.server import MotoServer

QUEUES = {"stack-WakeQueue-1": "WakeQueue"}
GET = "DynamoDB_20120810.GetItem"


def recorder() -> CallRecorder:
    """Return one that is on, to which an ``Authorization`` names its caller."""
    made = CallRecorder(lambda authorization: authorization, QUEUES)
    made.begin()
    return made


def noted(target: str, body: dict[str, Any], answer: dict[str, Any] | None = None) -> CallRecorder:
    """Return a recorder that has taken down one call of a worker's."""
    taken = recorder()
    taken.note(
        WORKER, target, json.dumps(body).encode(), took=0.5, answer=json.dumps(answer or {}).encode(), refused=False
    )
    return taken


def key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


@pytest.mark.parametrize(
    ("pk", "sk", "kind"),
    [
        ("S#u", "SESSION", "SESSION"),
        ("S#u", "M#01", "M#{ulid}"),
        ("S#u", "A#3EB0", "A#{whatsapp_id}"),
        ("S#u", "A#3EB0#49@s.whatsapp.net", "A#{whatsapp_id}#{writer}"),
        ("S#u", "QT#3", "QT#{place}"),
        ("S#u", "PACE#questions", "PACE#{of}"),
        ("T#acme", "S#main", "T#{tenant} S#{id}"),
        ("U#anna", "K#01", "U#{name} K#{ulid}"),
        ("S#u", "Q", "Q*"),
        ("R#acme#main", "", "R#{tenant}#{id} *"),
        ("STANDBY", "", "STANDBY *"),
        ("new", "NEW", "new NEW"),
    ],
)
def test_a_key_is_told_by_its_pattern_and_a_querys_by_how_it_begins(pk: str, sk: str, kind: str) -> None:
    assert kind_of(pk, sk) == kind


@pytest.mark.parametrize(
    ("operation", "body", "about"),
    [
        ("PutItem", {"Item": {**key("S#u", "M#01"), "text": {"S": "hello"}}}, "M#{ulid}"),
        ("UpdateItem", {"Key": key("S#u", "LEASE")}, "LEASE"),
        (
            "BatchGetItem",
            {"RequestItems": {"T": {"Keys": [key("S#u", "M#1"), key("S#u", "M#2"), key("S#u", "SESSION")]}}},
            "M#{ulid} 2, SESSION",
        ),
        (
            "BatchWriteItem",
            {
                "RequestItems": {
                    "T": [{"PutRequest": {"Item": key("S#u", "H#1")}}, {"DeleteRequest": {"Key": key("S#u", "M#2")}}]
                }
            },
            "H#{cursor}, M#{ulid}",
        ),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"Item": key("S#u", "H#1")}}]}, "H#{cursor}"),
        (
            "Query",
            {
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :q)",
                "ExpressionAttributeValues": {":q": {"S": "QT#"}, ":pk": {"S": "S#u"}},
            },
            "QT#*",
        ),
        (
            "Query",
            {
                "IndexName": "open",
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": "S#u"}},
            },
            "index open",
        ),
    ],
)
def test_a_call_of_the_tables_says_what_it_is_about(operation: str, body: dict[str, Any], about: str) -> None:
    (call,) = noted(f"DynamoDB_20120810.{operation}", body).calls
    assert (call.caller, call.call, call.about) == (WORKER, f"dynamodb.{operation}", about)
    assert call.took == 500


def test_a_queue_goes_by_its_name_in_the_template_and_a_workers_as_mailbox() -> None:
    here = "https://sqs/000/"
    asked = [{"QueueUrl": here + "stack-WakeQueue-1"}, {"QueueUrl": here + "box-7"}, {"QueueName": "box-7"}]
    assert [noted("AmazonSQS.SendMessage", one).calls[0].about for one in asked] == ["WakeQueue", MAILBOX, MAILBOX]
    assert queue_names({"WakeQueue": here + "stack-WakeQueue-1", "Table": "t"}) == QUEUES


def test_a_call_for_several_says_how_many_came_back() -> None:
    two: dict[str, Any] = {"Messages": [{}, {}]}
    assert noted("AmazonSQS.ReceiveMessage", {"QueueUrl": "a/b"}, two).calls[0].found == 2
    assert noted("AmazonSQS.ReceiveMessage", {"QueueUrl": "a/b"}).calls[0].found == 0
    assert noted("AmazonSQS.SendMessage", {"QueueUrl": "a/b"}).calls[0].found is None


def test_what_the_stack_itself_asks_is_not_recorded() -> None:
    taken = recorder()
    taken.note(OPERATOR, GET, b"{}", took=0, answer=b"", refused=False)
    assert taken.calls == []


def test_the_server_tells_of_its_calls_while_they_are_recorded_and_the_route_shows_them() -> None:
    async def walk() -> list[dict[str, Any]]:
        table = TableOutage(lambda authorization: authorization)
        async with TestClient(TestServer(control_app(table, taken))) as client:
            await asyncio.to_thread(ask)
            await client.post("/calls")
            await asyncio.to_thread(ask)
            await client.delete("/calls")
            await asyncio.to_thread(ask)
            answer = await client.get("/calls")
            return list((await answer.json())["calls"])

    with MotoServer() as server:
        taken = CallRecorder(lambda _: WORKER, {})
        server.recorder = taken
        client = boto3.client(
            "dynamodb",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        secrets = boto3.client(
            "secretsmanager",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )

        def ask() -> None:
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                client.get_item(TableName="none", Key=key("S#u", "SESSION"))
            with pytest.raises(secrets.exceptions.ResourceNotFoundException):
                secrets.get_secret_value(SecretId="none")

        calls = asyncio.run(walk())
    shown = [(one["call"], one["about"], one["keys"], one["refused"]) for one in calls]
    assert shown == [
        ("dynamodb.GetItem", "SESSION", ["S#u SESSION"], True),
        ("secretsmanager.GetSecretValue", "", [], True),
    ]
