"""From a stream record to a POST, through the table and the queue: real parts, but for the local stack's pumps."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib import bootstrap, triggers
from chalicelib.adapters import clients
from chalicelib.adapters.dynamodb.messages import to_item as message_item
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.table import Table, stamped, typed
from chalicelib.adapters.queues import read_delivery
from chalicelib.config import settings
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party, event
from chalicelib.services.watching import distribution
from tests.adapters.conftest import aws, table
from tests.forgetting import forget
from tests.makers import SECRET, a_message, a_running_session
from tests.receivers import Receiver, listening
from tests.signatures import verify

__all__ = ["aws", "table"]

STREAM = "arn:aws:dynamodb:eu-west-1:1:table/t/stream/2026-11-21T02:00:00.000"


@pytest.fixture
def queues(table: Table, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """SQS with the webhook queue and its dead letters, in the environment of the functions."""
    sqs = boto3.client("sqs")
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("deliveries", "dead")]
    monkeypatch.setenv("TABLE_NAME", table.name)
    monkeypatch.setenv("DELIVERY_QUEUE_URL", urls[0])
    monkeypatch.setenv("DELIVERY_DEAD_LETTER_QUEUE_URL", urls[1])
    monkeypatch.setenv("WS_ENDPOINT", "https://sockets.example")
    monkeypatch.setenv("STAGE", "local")
    monkeypatch.setenv("WEBHOOK_ALLOW_LOCAL", "1")
    forget()
    yield sqs
    forget()


def a_record(message: Message, number: int = 1) -> dict[str, Any]:
    """What the stream says of a new message."""
    item = stamped(message_item(message))
    return {
        "eventName": "INSERT",
        "eventSourceARN": STREAM,
        "dynamodb": {
            "SequenceNumber": str(number),
            "Keys": typed({"pk": item["pk"], "sk": item["sk"]}),
            "NewImage": typed(item),
        },
    }


def an_inbound_message(number: int = 0) -> Message:
    message = a_message(
        id=f"01JMSG{number:020d}",
        direction=Direction.INBOUND,
        status=MessageStatus.RECEIVED,
        sender=Party(phone="628987654321"),
        chat_lid="200000000000002@lid",
        text="A private word",
    )
    return replace(message, last_event=event(message, f"{message.id}-received", message.created_at))


def receive(table: Table, receiver: Receiver, messages: int = 1) -> None:
    """A session with that endpoint gets messages, and the stream tells of them."""
    DynamoSessions(table).create(a_running_session(webhook_url=receiver.url, webhook_secret=SECRET))
    arrived = [an_inbound_message(number) for number in range(messages)]
    for message in arrived:
        table.put(message_item(message))
    records = [a_record(message, number) for number, message in enumerate(arrived)]
    assert triggers.tell({"Records": records}) == {"batchItemFailures": []}


def taken(sqs: Any, name: str = "DELIVERY_QUEUE_URL") -> list[dict[str, str]]:
    """The queue's messages as Lambda hands them over."""
    found = sqs.receive_message(QueueUrl=os.environ[name], MaxNumberOfMessages=10).get("Messages", [])
    return [{"messageId": one["MessageId"], "body": one["Body"]} for one in found]


def test_a_message_that_comes_in_goes_out_to_the_endpoint(table, queues):
    with listening() as receiver:
        receive(table, receiver)
        records = taken(queues)
        assert "private" not in json.dumps(records)
        assert triggers.attempt({"Records": records}) == {"batchItemFailures": []}
    (got,) = receiver.received
    verify(SECRET, got.headers, got.body, now=bootstrap.clock())
    assert (got.json["type"], got.json["message"]) == ("message.received", "A private word")
    assert got.json["id"] == got.headers["webhook-id"] == f"{an_inbound_message().id}-received"


def test_messages_that_come_together_share_the_calls_that_they_can(table, queues, monkeypatch):
    # However long a busy machine takes over the batch.
    monkeypatch.setattr(distribution, "GOOD_FOR", 60_000)
    with listening() as receiver:
        receive(table, receiver)
    calls: Counter[str] = Counter()
    clients.dynamodb().meta.events.register("before-call.dynamodb", lambda model, **_: calls.update([model.name]))
    arrived = [an_inbound_message(number) for number in range(1, 11)]
    assert triggers.tell({"Records": [a_record(one, int(one.id[-5:])) for one in arrived]}) == {"batchItemFailures": []}
    assert calls == {"BatchWriteItem": 1, "UpdateItem": 10, "Query": 1}
    # One of its second that came before it is told of after it.
    for number in (11, 0):
        calls.clear()
        assert triggers.tell({"Records": [a_record(an_inbound_message(number), 12 - number)]}) == {
            "batchItemFailures": []
        }
        assert calls == {"BatchWriteItem": 1, "UpdateItem": 1, "Query": 1}


def test_history_keeps_no_text_though_the_endpoint_gets_it(table, queues):
    with listening() as receiver:
        receive(table, receiver)
        delivery = read_delivery(taken(queues)[0]["body"])
    assert "private" not in str(table.get(f"S#{delivery.uid}", f"H#{delivery.cursor}"))


def test_a_batch_is_attempted_side_by_side(table, queues):
    with listening() as receiver:
        receive(table, receiver, messages=10)
        calls: Counter[str] = Counter()
        clients.dynamodb().meta.events.register("before-call.dynamodb", lambda model, **_: calls.update([model.name]))
        triggers.attempt({"Records": taken(queues)})
    assert calls == {"BatchGetItem": 1}
    assert len({got.headers["webhook-id"] for got in receiver.received}) == 10


def test_a_refusal_goes_back_into_the_queue_by_itself(table, queues):
    with listening((500, {})) as receiver:
        receive(table, receiver)
        assert triggers.attempt({"Records": taken(queues)}) == {"batchItemFailures": []}
    counts = queues.get_queue_attributes(QueueUrl=settings().delivery_queue, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessagesDelayed"] == "1"


def test_the_last_refusal_goes_to_the_dead_letters(table, queues):
    with listening((500, {})) as receiver:
        receive(table, receiver)
        (record,) = taken(queues)
        record["body"] = json.dumps(json.loads(record["body"]) | {"attempt": 5})
        triggers.attempt({"Records": [record]})
    assert [json.loads(one["body"])["attempt"] for one in taken(queues, "DELIVERY_DEAD_LETTER_QUEUE_URL")] == [5]


def test_what_can_t_be_attempted_just_now_comes_again_alone(table, queues):
    with listening() as receiver:
        receive(table, receiver)
        (record,) = taken(queues)
        broken = {"messageId": "m2", "body": "no delivery"}
        assert triggers.attempt({"Records": [broken, record]}) == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    assert len(receiver.received) == 1


def test_a_fan_out_that_can_t_queue_comes_again(table, queues):
    with listening() as receiver:
        queues.delete_queue(QueueUrl=settings().delivery_queue)
        DynamoSessions(table).create(a_running_session(webhook_url=receiver.url, webhook_secret=SECRET))
        answer = triggers.tell({"Records": [a_record(an_inbound_message(), 7)]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "7"}]}
