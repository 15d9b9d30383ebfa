"""The queues over restarts of the stack."""

import time
from uuid import uuid4

import pytest
from moto.sqs.models import sqs_backends

from infra.local.aws import ACCOUNT, REGION, LocalAws
from infra.local.persistence import QUEUES_FILE, KeptQueues
from infra.local.state import LocalState
from infra.template import TEMPLATE, load_template


class Run:
    """One run of the queues on a state directory."""

    def __init__(self, state):
        self.kept = KeptQueues(state)
        self.aws = LocalAws(load_template(TEMPLATE), {"WorkerImage": "local"}, f"test-{uuid4().hex[:8]}")

    def __enter__(self):
        # A new process begins without queues; moto keeps them for as long as its process lives.
        sqs_backends[ACCOUNT][REGION].queues.clear()
        self.aws.__enter__()
        self.following = self.kept.restored(self.aws)
        self.following.__enter__()
        self.client = self.aws.client("sqs")
        return self

    def __exit__(self, *_):
        self.following.__exit__(None, None, None)
        self.aws.__exit__()

    def url(self, name):
        return self.aws.variables.get(name) or self.client.get_queue_url(QueueName=name)["QueueUrl"]

    def send(self, name, *bodies, **more):
        for body in bodies:
            self.client.send_message(QueueUrl=self.url(name), MessageBody=body, **more)

    def receive(self, name, wait_s=0):
        answer = self.client.receive_message(
            QueueUrl=self.url(name), MaxNumberOfMessages=10, WaitTimeSeconds=wait_s, AttributeNames=["All"]
        )
        return answer.get("Messages", [])

    def bodies(self, name, wait_s=0):
        return [one["Body"] for one in self.receive(name, wait_s)]


@pytest.fixture(params=["killed", "stopped"])
def again(request, tmp_path):
    """Begins one run after another on the same state; a run that is killed writes nothing at its end."""
    runs = []

    def begin():
        end()
        runs.append(Run(LocalState(tmp_path)).__enter__())
        return runs[-1]

    def end():
        if runs:
            if request.param == "stopped":
                runs[-1].kept.close()
            runs.pop().__exit__()

    yield begin
    end()


WAKE, DELIVERY = "WAKE_QUEUE_URL", "DELIVERY_QUEUE_URL"


def test_messages_outlive_the_stack_in_order_and_in_their_queues(again):
    run = again()
    run.send(WAKE, "a", "b", "c")
    run.send(DELIVERY, "d")
    run = again()
    assert (run.bodies(WAKE), run.bodies(DELIVERY)) == (["a", "b", "c"], ["d"])


def test_what_was_deleted_stays_deleted(again):
    run = again()
    run.send(WAKE, "done", "left")
    [first, _] = run.receive(WAKE)
    run.client.delete_message(QueueUrl=run.url(WAKE), ReceiptHandle=first["ReceiptHandle"])
    assert again().bodies(WAKE) == ["left"]


def test_a_delay_goes_on_by_the_clock(again):
    run = again()
    run.send(WAKE, "soon", DelaySeconds=600)
    run.send(WAKE, "later", DelaySeconds=900)
    assert run.bodies(WAKE) == []
    # As if the clock had gone on by ten minutes.
    for one in run.kept._messages.values():
        one["delayed_until"] -= 600 * 1000
    run.kept.save()
    assert again().bodies(WAKE) == ["soon"]


def test_what_was_in_flight_is_there_at_once_with_its_count(again):
    run = again()
    run.send(DELIVERY, "a")
    run.receive(DELIVERY)
    [once_more] = again().receive(DELIVERY)
    assert once_more["Attributes"]["ApproximateReceiveCount"] == "2"


def test_what_a_message_carries_outlives_the_stack(again):
    attributes = {"t": {"DataType": "String", "StringValue": "v"}, "b": {"DataType": "Binary", "BinaryValue": b"\xff"}}
    run = again()
    run.send(WAKE, "Grüße\n", MessageAttributes=attributes)
    [before] = run.receive(WAKE)
    run = again()
    answer = run.client.receive_message(
        QueueUrl=run.url(WAKE), MessageAttributeNames=["All"], AttributeNames=["SentTimestamp"]
    )
    [after] = answer["Messages"]
    assert (after["MessageId"], after["Body"]) == (before["MessageId"], "Grüße\n")
    assert after["MessageAttributes"] == attributes
    assert after["Attributes"]["SentTimestamp"] == before["Attributes"]["SentTimestamp"]


def test_dead_letters_outlive_the_stack_where_they_are(again):
    run = again()
    run.client.set_queue_attributes(QueueUrl=run.url(WAKE), Attributes={"VisibilityTimeout": "0"})
    run.send(WAKE, "poison")
    for _ in range(6):
        run.receive(WAKE)
        time.sleep(0.01)
    run = again()
    dead = run.client.receive_message(QueueUrl=run.aws.physical["WakeDeadLetterQueue"])["Messages"]
    assert ([one["Body"] for one in dead], run.bodies(WAKE)) == (["poison"], [])


def test_queues_that_functions_made_outlive_the_stack_with_their_tags_until_they_are_deleted(again):
    run = again()
    for name in ("kept", "gone"):
        made = run.client.create_queue(
            QueueName=name, Attributes={"MessageRetentionPeriod": "600"}, tags={"switchboard:worker": "w"}
        )
        run.client.send_message(QueueUrl=made["QueueUrl"], MessageBody=name)
    run.client.delete_queue(QueueUrl=run.url("gone"))
    run = again()
    assert run.bodies("kept") == ["kept"]
    assert run.client.list_queue_tags(QueueUrl=run.url("kept"))["Tags"] == {"switchboard:worker": "w"}
    found = run.client.get_queue_attributes(QueueUrl=run.url("kept"), AttributeNames=["MessageRetentionPeriod"])
    assert found["Attributes"] == {"MessageRetentionPeriod": "600"}
    assert "gone" not in str(run.client.list_queues()["QueueUrls"])
    run.client.delete_queue(QueueUrl=run.url("kept"))
    assert "kept" not in str(again().client.list_queues()["QueueUrls"])


def test_a_queue_that_was_emptied_stays_empty(again):
    run = again()
    run.send(WAKE, "a")
    run.client.purge_queue(QueueUrl=run.url(WAKE))
    run.send(WAKE, "b")
    assert again().bodies(WAKE) == ["b"]


def test_what_the_queue_would_have_forgotten_meanwhile_is_forgotten(again):
    run = again()
    run.send(WAKE, "old", "new")
    # Its age is what is written down of it.
    run.kept._messages[next(iter(run.kept._messages))]["sent"] -= 15 * 86400 * 1000
    run.kept.save()
    assert again().bodies(WAKE) == ["new"]


def test_all_that_is_left_after_many_messages_is_what_is_there(again, tmp_path):
    run = again()
    for number in range(50):
        run.send(WAKE, str(number))
        [one] = run.receive(WAKE)
        run.client.delete_message(QueueUrl=run.url(WAKE), ReceiptHandle=one["ReceiptHandle"])
    run.kept.save()
    assert LocalState(tmp_path).read(QUEUES_FILE, {})["messages"] == []
    assert list(tmp_path.glob("*.journal")) == []


def test_a_fifo_queue_s_messages_keep_their_groups_and_their_order(again):
    run = again()
    for number, group in enumerate("aab"):
        run.send("PUSH_QUEUE_URL", f"{group}{number}", MessageGroupId=group, MessageDeduplicationId=f"{group}{number}")
    run = again()
    assert run.bodies("PUSH_QUEUE_URL") == ["a0", "a1", "b2"]
    run = again()
    taken = run.client.receive_message(QueueUrl=run.url("PUSH_QUEUE_URL"), MaxNumberOfMessages=1)["Messages"]
    assert [one["Body"] for one in taken] == ["a0"]
    assert run.bodies("PUSH_QUEUE_URL") == ["b2"], "the rest of a group waits for what is being worked on"
