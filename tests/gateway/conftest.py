"""The gateway over moto's AWS: made once for a module's tests, and as at the beginning for each of them."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import boto3
import pytest
from chalice.test import Client
from moto import mock_aws

from chalicelib.adapters import clients
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.bootstrap import parts
from infra.local.moto.dynamodb import repair_dynamodb
from infra.template import load_template
from tests.forgetting import forget
from tests.gateway.rig import FastClock, MeteredGateway

REGION: Final = "eu-west-1"
ELSEWHERE = (
    "TimeToLiveSpecification",
    "PointInTimeRecoverySpecification",
    "DeletionProtectionEnabled",
    "SSESpecification",
)


@pytest.fixture(scope="module")
def shared_gateway() -> Iterator[MeteredGateway]:
    from app import app

    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
        repair_dynamodb()
        clock = FastClock()
        patch.setattr(parts, "time", clock)
        with mock_aws():
            for name, value in _provided().items():
                patch.setenv(name, value)
            forget()
            with Client(app) as client:
                gateway = MeteredGateway(client, Table(clients.dynamodb(), "switchboard"), clock, os.environ["MAILBOX"])
                gateway.furnish()
                clients.dynamodb().meta.events.register("before-call.dynamodb", gateway.note)
                yield gateway
            forget()


@pytest.fixture
def gateway(shared_gateway: MeteredGateway) -> MeteredGateway:
    shared_gateway.begin_again()
    shared_gateway.operations.clear()
    return shared_gateway


def _provided() -> dict[str, str]:
    """Make what the functions find in AWS; returns where it is."""
    properties = dict(load_template(Path("infra/template.yaml")).resources["Table"]["Properties"])
    kept = {name: value for name, value in properties.items() if name not in ELSEWHERE}
    kept["StreamSpecification"] |= {"StreamEnabled": True}
    boto3.client("dynamodb").create_table(TableName="switchboard", **kept)
    sqs = boto3.client("sqs")
    wake, mailbox = (sqs.create_queue(QueueName=f"switchboard-{name}")["QueueUrl"] for name in ("wake", "mail"))
    keys = {"current": "k1", "keys": {"k1": {"secret": "a signing key of thirty-two bytes or more"}}}
    boto3.client("s3").create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": REGION})
    return {
        "MEDIA_BUCKET": "media",
        "TABLE_NAME": "switchboard",
        "WAKE_QUEUE_URL": wake,
        "MAILBOX": mailbox,
        "SIGNING_KEYS_SECRET": boto3.client("secretsmanager").create_secret(Name="keys", SecretString=json.dumps(keys))[
            "ARN"
        ],
        "WS_ENDPOINT": f"https://x.execute-api.{REGION}.amazonaws.com/api",
        "STAGE": "test",
        **dict.fromkeys(("ARRIVALS_PER_MINUTE", "SEND_BURST", "ASK_BURST"), "1000000"),
    }
