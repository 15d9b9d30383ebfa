"""What consumers gave up on, from moto's S3 back onto the stream and the wake queue."""

import json
from dataclasses import replace

import boto3
import pytest

from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.sessions import DynamoSessions, change
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import event
from chalicelib.domain.session import LastEvent
from infra.redrive import main
from tests.adapters.conftest import aws, table  # noqa: F401 - fixtures
from tests.adapters.test_dynamodb import records
from tests.makers import NOW, a_message, a_running_session

BUCKET = "failures"


class Deployment:
    """The table, the bucket and the wake queue, as the command is told of them."""

    def __init__(self, table) -> None:  # noqa: F811
        self.table = table
        self.s3, self.sqs = boto3.client("s3"), boto3.client("sqs")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.wakes = self.sqs.create_queue(QueueName="wakes")["QueueUrl"]

    def give_up(self, function: str, failed: list[dict], key: str = "aws/lambda/one") -> None:
        """Keep a batch as Lambda does."""
        arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{function}"
        body = {"requestContext": {"functionArn": arn}, "version": "1.0", "payload": json.dumps({"Records": failed})}
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(body))

    def events(self) -> list[Envelope]:
        """Return what the stream says, redriven or not."""
        found = [change(record).event for record in records(self.table)]
        return [one for one in found if one]

    def redrive(self, *more: str) -> None:
        main([BUCKET, "--table", self.table.name, "--wake-queue", self.wakes, *more])


@pytest.fixture
def deployment(table):  # noqa: F811
    return Deployment(table)


def test_an_event_is_told_again_under_its_old_id_and_a_later_cursor(deployment, capsys):
    session = a_running_session(
        version=0, last_event=LastEvent("E1", "session.connected", NOW, {"status": "CONNECTED"})
    )
    DynamoSessions(deployment.table).create(session)
    failed = [one for one in records(deployment.table) if one["dynamodb"]["Keys"]["sk"]["S"] == "SESSION"]
    deployment.give_up("switchboard-dev-Fanout-1A2B", failed)
    deployment.redrive()
    first, again = deployment.events()
    assert replace(again, cursor=first.cursor) == first
    assert again.cursor > first.cursor
    assert capsys.readouterr().out.startswith("1 objects: 1 events told again, 0 had been already")


def test_a_message_s_event_comes_again_with_its_message(deployment):
    message = replace(a_message(), last_event=event(a_message(), "E1", NOW))
    DynamoMessages(deployment.table).put(message)
    deployment.give_up("switchboard-dev-Fanout-1A2B", records(deployment.table))
    deployment.redrive()
    first, again = deployment.events()
    assert (again.id, again.message) == (first.id, first.message)


def test_run_twice_it_tells_nothing_twice(deployment, capsys):
    message = replace(a_message(), last_event=event(a_message(), "E1", NOW))
    DynamoMessages(deployment.table).put(message)
    deployment.give_up("switchboard-dev-Fanout-1A2B", records(deployment.table))
    deployment.redrive()
    deployment.redrive()
    assert len(deployment.events()) == 2
    assert capsys.readouterr().out.splitlines()[1].startswith("1 objects: 0 events told again, 1 had been already")


def test_what_the_reconciler_gave_up_on_is_looked_at_anew(deployment, capsys):
    session = a_running_session(version=0)
    DynamoSessions(deployment.table).create(session)
    failed = [one for one in records(deployment.table) if one["dynamodb"]["Keys"]["sk"]["S"] == "SESSION"]
    deployment.give_up("switchboard-dev-Control-1A2B", failed)
    deployment.redrive()
    (job,) = deployment.sqs.receive_message(QueueUrl=deployment.wakes)["Messages"]
    assert json.loads(job["Body"]) == {"job": "reconcile", "uid": session.uid}
    assert capsys.readouterr().out.endswith("1 sessions to be looked at\n")


def test_only_what_begins_so_is_redriven(deployment, capsys):
    deployment.give_up("switchboard-dev-Fanout-1A2B", [], key="aws/lambda/a/1")
    deployment.give_up("switchboard-dev-Fanout-1A2B", [], key="aws/lambda/b/1")
    deployment.redrive("--prefix", "aws/lambda/b/")
    assert capsys.readouterr().out.startswith("1 objects")
