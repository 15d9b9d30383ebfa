import json
from dataclasses import dataclass, field
from typing import Any

import boto3
import msgspec
import pytest

from chalicelib.adapters.queues import (
    LONGEST_DELAY,
    DeliveryQueue,
    PushQueue,
    SqsMailboxes,
    WakeQueue,
    read_delivery,
    read_push,
    request_of,
)
from chalicelib.domain.events import DELETED, Envelope
from chalicelib.domain.watchers import PushJob
from chalicelib.domain.webhook import Delivery
from chalicelib.services.correlation import on_behalf_of
from chalicelib.services.ports import Unavailable

DELIVERY = Delivery(uid="u", event="01E", cursor="2026#0001", message="01M", attempt=2, not_before=1_800_000_000_000)


@dataclass
class Sent:
    """SQS's client, as far as the queue uses it: keeps the calls."""

    calls: list[dict[str, Any]] = field(default_factory=list)

    def send_message(self, **arguments: Any) -> None:
        self.calls.append(arguments)


@pytest.mark.parametrize(
    ("delay", "seconds"), [(-1, 0), (0, 0), (0.2, 1), (5, 5), (29.001, 30), (900, 900), (3600, LONGEST_DELAY)]
)
def test_a_delay_is_whole_seconds_and_never_more_than_sqs_takes(delay, seconds):
    sqs = Sent()
    DeliveryQueue(sqs, "https://queue/deliveries", "https://queue/dead").put(DELIVERY, delay=delay)  # type: ignore[arg-type]
    assert sqs.calls[0]["DelaySeconds"] == seconds


def test_a_delivery_comes_out_as_it_went_in(aws):
    sqs = boto3.client("sqs")
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("deliveries", "dead")]
    queue = DeliveryQueue(sqs, *urls)
    queue.put(DELIVERY, delay=0)
    queue.dead_letter(DELIVERY)
    for url in urls:
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        assert read_delivery(message["Body"]) == DELIVERY


def test_what_is_queued_says_which_request_it_goes_back_to_and_reads_the_same():
    sqs = Sent()
    with on_behalf_of("req-1"):
        DeliveryQueue(sqs, "https://queue/deliveries", "https://queue/dead").put(DELIVERY, delay=0)  # type: ignore[arg-type]
        PushQueue(sqs, "https://queue/push.fifo").put(PushJob("u", "2026#0001"))  # type: ignore[arg-type]
    bodies = [call["MessageBody"] for call in sqs.calls]
    assert [request_of(body) for body in bodies] == ["req-1", "req-1"]
    assert (read_delivery(bodies[0]), read_push(bodies[1])) == (DELIVERY, PushJob("u", "2026#0001"))
    assert [request_of(body) for body in ("{}", "[]", "no json", '{"request": 1}')] == [None] * 4


def test_what_a_newer_version_says_more_is_left_alone_and_what_isn_t_there_is_refused():
    assert read_delivery(json.dumps({"uid": "u", "event": "e", "cursor": "c", "new": 1})) == Delivery("u", "e", "c")
    with pytest.raises(msgspec.ValidationError):
        read_delivery(json.dumps({"uid": "u"}))


def test_a_mailbox_has_the_tags_by_which_its_owner_pays_and_its_worker_s(aws):
    sqs = boto3.client("sqs")
    url = SqsMailboxes(sqs, "switchboard-", {"team": "messaging"}).create("u-1")
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "messaging", "switchboard:worker": "u-1"}


def test_what_watchers_are_to_be_told_comes_in_order_one_of_a_session_at_a_time_and_once(aws):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="push.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    queue, ended = PushQueue(sqs, url), Envelope("01E", DELETED, "default", "ana", "a", 7, "c#2", {"by": "bo"})
    jobs = [PushJob("a", "c#1", "01M"), PushJob("a", "c#2", event=ended), PushJob("b", "c#1")]
    for job in (*jobs, jobs[0]):
        queue.put(job)

    def receive():
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages", [])
        return [(read_push(one["Body"]), one["ReceiptHandle"]) for one in messages]

    ((first, receipt),), ((beside, _),) = receive(), receive()
    assert (first, beside) == (jobs[0], jobs[2])
    assert receive() == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=receipt)
    assert [job for job, _ in receive()] == [jobs[1]]


def test_two_jobs_that_are_queued_by_one_call_come_as_two_and_each_at_its_time(aws):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="wakes")["QueueUrl"]
    with on_behalf_of("req-1"):
        WakeQueue(sqs, url).fill_and_reconcile("u", delay=8.0)
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(message["Body"]) == {"job": "fill_standbys", "request": "req-1"}
    delayed = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert delayed["ApproximateNumberOfMessagesDelayed"] == "1"


def test_of_two_jobs_one_that_sqs_does_not_take_is_told():
    class Half:
        def send_message_batch(self, **_: Any) -> dict[str, Any]:
            return {"Successful": [{"Id": "0"}], "Failed": [{"Id": "1", "Code": "InternalError"}]}

    with pytest.raises(Unavailable, match="InternalError"):
        WakeQueue(Half(), "https://queue/wakes").fill_and_reconcile("u", delay=8.0)  # type: ignore[arg-type]
