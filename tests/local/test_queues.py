"""The pump on a real queue: moto's, over HTTP."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event, Lock

import pytest

from infra.local.functions import Function
from infra.local.mappings import mapping
from infra.local.queues import QueuePump, Scaling
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


def pumped(queue, handler, expected, policy=None):
    async def run():
        with ThreadPoolExecutor(64) as executor:
            pump = QueuePump(policy or queue.policy, queue.client, Function("wake", handler, executor))
            job = asyncio.create_task(pump.run())
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


def test_a_batch_that_hangs_holds_up_no_other(queue):
    held = Event()
    done: list[str] = []

    def handler(event, _):
        bodies = [one["body"] for one in event["Records"]]
        if "slow" in bodies:
            held.wait(60)
        done.extend(bodies)

    def expected():
        if "quick" in done:
            held.set()
        return queue.left() == (0, 0)

    queue.send(*["slow"] * 12, "quick")
    one_each = replace(queue.policy, batch_size=1)
    # Lambda begins with five batches and adds five a second; the slow ones end once the quick one is done.
    pumped(queue, handler, expected, one_each)
    assert done[0] == "quick"


def test_no_more_batches_are_worked_on_at_a_time_than_the_mapping_allows(queue):
    now, most = 0, 0
    lock, three = Lock(), Barrier(3)

    def handler(event, _):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        three.wait(60)
        with lock:
            now -= 1

    queue.send(*map(str, range(39)))
    pumped(queue, handler, lambda: queue.left() == (0, 0), replace(queue.policy, batch_size=1, concurrency=3))
    assert most == 3


def test_what_is_being_worked_on_when_the_pump_ends_is_finished_and_deleted(queue):
    begun = Event()

    def handler(event, _):
        begun.set()
        time.sleep(0.5)

    queue.send("a")
    pumped(queue, handler, begun.is_set)
    assert queue.left() == (0, 0)


def test_lambda_begins_with_five_batches_and_adds_five_a_second_while_they_do_not_suffice():
    now = 0.0
    scaling = Scaling(12, lambda: now)
    assert [busy for busy in range(20) if scaling.room(busy)] == [0, 1, 2, 3, 4]
    now = 1.0
    assert [busy for busy in range(5, 20) if scaling.room(busy)] == [5, 6, 7, 8, 9]
    now = 60.0
    assert [busy for busy in range(10, 20) if scaling.room(busy)] == [10, 11], "the mapping's bound holds"
    scaling.rest()
    assert not scaling.room(5)


def test_the_delivery_mapping_s_bound_is_the_template_s(aws):
    found = aws.template.of_type("AWS::Lambda::EventSourceMapping")
    bounds = {name: mapping(name, aws.resolve(properties)).concurrency for name, properties in found.items()}
    assert (bounds["DeliverMapping"], bounds["WakeMapping"]) == (50, 1000)
