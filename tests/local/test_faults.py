"""Faults of the local AWS."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from aiohttp.test_utils import TestClient, TestServer
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.faults import LONGEST_S, CutOff, TableOutage, control_app
from infra.local.iam.callers import OPERATOR, WORKER
from infra.local.moto.server import MotoServer

FUNCTION = "Control"
WRITE = "DynamoDB_20120810.UpdateItem"


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def outage(clock: Clock) -> TableOutage:
    """Return an outage to which an ``Authorization`` names its caller."""
    return TableOutage(lambda authorization: authorization, monotonic=clock)


@pytest.mark.parametrize(("callers", "refused"), [(CutOff.WORKERS, {WORKER}), (CutOff.EVERYBODY, {WORKER, FUNCTION})])
def test_the_table_answers_some_callers_or_none_but_the_stack_itself(callers: CutOff, refused: set[str]) -> None:
    table = outage(Clock())
    table.begin(60, callers)
    assert {caller for caller in (WORKER, FUNCTION, OPERATOR) if table.refuses(caller, WRITE)} == refused
    assert not table.refuses(WORKER, "AmazonSQS.ReceiveMessage")


def test_an_outage_ends_by_itself_or_when_it_is_ended() -> None:
    clock = Clock()
    table = outage(clock)
    assert not table.refuses(WORKER, WRITE)
    table.begin(60, CutOff.EVERYBODY)
    clock.now += 59.9
    assert table.refuses(WORKER, WRITE)
    clock.now += 0.1
    assert not table.refuses(WORKER, WRITE)
    table.begin(60, CutOff.EVERYBODY)
    table.begin(0, CutOff.EVERYBODY)
    assert not table.refuses(WORKER, WRITE)


@pytest.mark.parametrize(
    "body",
    ["", "[]", "no", '{"seconds": -1}', '{"seconds": true}', '{"seconds": 1, "callers": "me"}', '{"seconds": 9999999}'],
)
def test_a_fault_that_makes_no_sense_is_refused_with_what_would(body: str) -> None:
    table = outage(Clock())
    status, answer = asyncio.run(posted(table, body))
    assert status == 400
    assert str(LONGEST_S) in answer["message"]
    assert not table.refuses(WORKER, WRITE)


def test_a_fault_is_injected_by_its_route() -> None:
    table = outage(Clock())
    asked = {"seconds": 1, "callers": "workers"}
    assert asyncio.run(posted(table, json.dumps(asked))) == (200, asked)
    assert table.refuses(WORKER, WRITE)


async def posted(table: TableOutage, body: str) -> tuple[int, dict[str, Any]]:
    async with TestClient(TestServer(control_app(table))) as client:
        answer = await client.post("/faults/table", data=body)
        return answer.status, await answer.json()


@pytest.fixture
def moto() -> Iterator[MotoServer]:
    with MotoServer() as server:
        yield server


@pytest.mark.parametrize("unusual", [False, True], ids=["over the direct way", "over werkzeug"])
def test_what_is_not_answered_is_a_503_that_a_caller_may_repeat(moto: MotoServer, unusual: bool) -> None:
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=moto.url,
        config=once,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    if unusual:
        client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("Expect", ""))
    assert "TableNames" in client.list_tables()
    moto.unavailable = lambda _authorization, target: target.startswith("DynamoDB_")
    with pytest.raises(ClientError) as refused:
        client.list_tables()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert refused.value.response["Error"]["Code"] == "ServiceUnavailable"
