"""The authorization of requests to the local AWS, with the template's roles."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.aws import REGION, LocalAws
from infra.local.functions import REST_NAME, SOCKET_NAMES, Concurrency, functions_of, load_app
from infra.local.iam.callers import WORKER
from infra.local.iam.permissions import Authorizer, enforce_roles
from infra.template import TEMPLATE, load_template


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(load_template(TEMPLATE), {"WorkerImage": "local"}) as running:
        yield running


@pytest.fixture
def authorizer(aws: LocalAws) -> Authorizer:
    return enforce_roles(aws)


def client(aws: LocalAws, caller: str):
    return boto3.client(
        "sqs",
        region_name=REGION,
        endpoint_url=aws.url,
        aws_access_key_id=aws.callers.key_id(caller),
        aws_secret_access_key="any",
    )


def test_every_function_and_the_workers_have_a_role(authorizer: Authorizer):
    functions = functions_of(load_app(), Concurrency({}))
    assert set(authorizer.permissions.roles) == {*functions, REST_NAME, *SOCKET_NAMES.values(), WORKER}


def test_a_function_may_do_what_its_role_says_and_no_more(aws: LocalAws, authorizer: Authorizer):
    wakes = aws.physical["WakeQueue"]
    client(aws, "Control").send_message(QueueUrl=wakes, MessageBody="{}")
    with pytest.raises(ClientError, match="Deliver is not authorized to perform: sqs:SendMessage"):
        client(aws, "Deliver").send_message(QueueUrl=wakes, MessageBody="{}")
    assert [action for action, _ in authorizer.permissions.used["Control"]] == ["sqs:SendMessage"]


def test_a_worker_reaches_workers_queues_alone(aws: LocalAws, authorizer: Authorizer):
    with pytest.raises(ClientError, match="WorkerTask is not authorized to perform: sqs:ReceiveMessage"):
        client(aws, WORKER).receive_message(QueueUrl=aws.physical["DeliveryQueue"])


def test_who_set_it_up_may_do_anything(aws: LocalAws, authorizer: Authorizer):
    aws.client("sqs").send_message(QueueUrl=aws.physical["WakeQueue"], MessageBody="{}")
    assert authorizer.permissions.refused == []
