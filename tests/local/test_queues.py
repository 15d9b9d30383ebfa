"""The pump on a real queue: moto's, over HTTP."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.local.functions import Function
from infra.local.mappings import mapping
from infra.local.queues import QueuePump
from tests.local.patience import until


@pytest.fixture
def queue(aws):
    class Given:
        client = aws.client("sqs")
        url = aws.variables["WAKE_QUEUE_URL"]
        dead = aws.physical["WakeDeadLetterQueue"]
        policy = mapping(
            "WakeMapping", aws.resolve(aws.template.of_type("AWS::Lambda::EventSourceMapping")["WakeMapping"])
        )

        def send(self, *bodies, **more):
            for body in bodies:
                self.client.send_message(QueueUrl=self.url, MessageBody=body, **more)

        def left(self, url=None):
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            found = self.client.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=names)["Attributes"]
            return tuple(int(found[name]) for name in names)

        def hurry(self):
            self.client.set_queue_attributes(QueueUrl=self.url, Attributes={"VisibilityTimeout": "0"})

    return Given()


def _until(expected):
    """Ask from another thread: the answer is another HTTP request."""
    asyncio.run(until(expected))


def pumped(queue, handler, expected):
    async def run():
        with ThreadPoolExecutor(2) as executor:
            job = asyncio.create_task(QueuePump(queue.policy, queue.client, Function("wake", handler, executor)).run())
            await asyncio.to_thread(_until, expected)
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)

    asyncio.run(run())


def test_what_succeeds_is_deleted(queue):
    bodies: list[str] = []
    queue.send("a", "b")
    pumped(
        queue, lambda event, _: bodies.extend(one["body"] for one in event["Records"]), lambda: queue.left() == (0, 0)
    )
    assert sorted(bodies) == ["a", "b"]


def test_the_event_is_lambdas(queue):
    events = []
    queue.send("a", MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}})
    pumped(queue, lambda event, _: events.append(event), lambda: bool(events))
    (record,) = events[0]["Records"]
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", queue.policy.source)
    assert record["messageAttributes"] == {"k": {"stringValue": "v", "dataType": "String"}}
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_only_what_the_function_names_stays(queue):
    def handler(event, _):
        bad = [one["messageId"] for one in event["Records"] if one["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in bad]}

    queue.send("good", "bad", "good")
    pumped(queue, handler, lambda: queue.left() == (0, 1))


def test_an_exception_keeps_all_of_the_batch(queue):
    def handler(event, _):
        raise ValueError("no")

    queue.send("a", "b")
    pumped(queue, handler, lambda: queue.left() == (0, 2))


def test_what_fails_too_often_goes_to_the_dead_letter_queue(queue):
    seen = []

    def handler(event, _):
        seen.extend(event["Records"])
        raise ValueError("no")

    queue.hurry()
    queue.send("poison")
    pumped(queue, handler, lambda: queue.left(queue.dead) == (1, 0))
    assert len(seen) == 5
