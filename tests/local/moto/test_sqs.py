"""moto's queues, over real connections."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from infra.local.aws import ACCOUNT, REGION
from infra.local.moto import sqs
from tests.local.patience import soon

LONG_S = 20
"""How long a client waits at the most. Nothing is looked for meanwhile in the tests that set ``LOOK_S`` to it."""


@pytest.fixture
def queue(aws):
    """A queue, and clients that come to it over connections as workers do."""

    class Given:
        url = aws.client("sqs").create_queue(QueueName=f"q-{time.time_ns()}")["QueueUrl"]
        inside = sqs_backends[ACCOUNT][REGION].queues[url.rpartition("/")[2]]
        told = aws.environment()
        client = boto3.client(
            "sqs",
            region_name=REGION,
            endpoint_url=aws.url,
            aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        )

        def poll(self):
            """Ask for a message that isn't there yet; return the connection, once the answer is waited for."""
            before = self.waiting()
            host, port = aws.url.removeprefix("http://").split(":")
            connection = socket.create_connection((host, int(port)), timeout=30)
            body = json.dumps({"QueueUrl": self.url, "WaitTimeSeconds": LONG_S})
            head = {
                "Host": "x",
                "X-Amz-Target": "AmazonSQS.ReceiveMessage",
                "Authorization": f"AWS4-HMAC-SHA256 Credential={self.told['AWS_ACCESS_KEY_ID']}/20260101/{REGION}/sqs/x",
                "Content-Length": str(len(body)),
            }
            lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
            connection.sendall(f"POST / HTTP/1.1\r\n{lines}\r\n{body}".encode())
            soon(lambda: self.waiting() > before, 10)
            return connection

        def waiting(self):
            return len(vars(self.inside._messages_lock)["_waiters"])

        def send(self, body="ring", **more):
            self.client.send_message(QueueUrl=self.url, MessageBody=body, **more)

        def receive(self, wait_s=0, **more):
            answer = self.client.receive_message(QueueUrl=self.url, WaitTimeSeconds=wait_s, **more)
            return answer.get("Messages", [])

    return Given()


def test_a_client_that_went_while_it_waited_takes_no_message_with_it(queue):
    queue.poll().close()
    queue.send()
    assert [one["Body"] for one in queue.receive(wait_s=2)] == ["ring"]


def test_a_message_goes_to_who_still_waits(queue):
    queue.poll().close()
    with queue.poll() as waiting:
        queue.send()
        assert b'"Body": "ring"' in waiting.recv(65536)
    assert queue.receive() == []


def test_a_delayed_message_is_there_when_its_time_has_come_not_a_look_later(queue, monkeypatch):
    monkeypatch.setattr(sqs, "LOOK_S", LONG_S)
    begun = time.monotonic()
    queue.send(DelaySeconds=1)
    assert queue.receive(wait_s=LONG_S) != []
    assert 0.95 <= time.monotonic() - begun < LONG_S


def test_a_hidden_message_comes_back_when_its_time_is_over_not_a_look_later(queue, monkeypatch):
    monkeypatch.setattr(sqs, "LOOK_S", LONG_S)
    queue.send()
    assert len(queue.receive(VisibilityTimeout=1)) == 1
    begun = time.monotonic()
    [again] = queue.receive(wait_s=LONG_S, AttributeNames=["All"])
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    assert time.monotonic() - begun < LONG_S


def test_a_message_that_is_too_old_does_not_hide_the_next(queue):
    queue.client.set_queue_attributes(QueueUrl=queue.url, Attributes={"MessageRetentionPeriod": "60"})
    queue.send("old")
    queue.inside._messages[0].sent_timestamp -= 61_000
    queue.send("new")
    assert [one["Body"] for one in queue.receive()] == ["new"]
    assert len(queue.inside._messages) == 1


def test_nothing_is_lost_or_handed_out_twice_while_many_send_receive_and_delete(queue):
    sent = [str(number) for number in range(400)]
    taken: list[str] = []

    def take():
        while len(taken) < len(sent):
            for one in queue.receive(wait_s=1, MaxNumberOfMessages=10):
                taken.append(one["Body"])
                queue.client.delete_message(QueueUrl=queue.url, ReceiptHandle=one["ReceiptHandle"])

    with ThreadPoolExecutor(8) as pool:
        takers = [pool.submit(take) for _ in range(4)]
        list(pool.map(queue.send, sent))
        for one in takers:
            one.result(timeout=60)
    assert sorted(taken) == sorted(sent)


def test_a_poll_of_a_queue_that_is_deleted_ends_with_nothing(queue):
    with queue.poll() as waiting:
        queue.client.delete_queue(QueueUrl=queue.url)
        assert waiting.recv(65536).startswith(b"HTTP/1.1 200")
    with suppress(ClientError):
        queue.client.delete_queue(QueueUrl=queue.url)
