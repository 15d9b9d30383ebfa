"""Who calls AWS."""

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from infra.local.iam.callers import OPERATOR, caller_of, calling_as, sign_by_caller
from infra.local.moto_server import MotoServer


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", ThreadPoolExecutor.submit)
    sign_by_caller()
    seen: list[str] = []
    with MotoServer() as server:
        client = boto3.client("sqs", region_name="us-east-1", endpoint_url=server.url)
        client.meta.events.register(
            "before-send", lambda request, **_: seen.append(request.headers["Authorization"].decode())
        )
        yield client, seen


def test_a_request_is_signed_by_whoever_is_calling(signed):
    client, seen = signed
    with calling_as("Control"):
        client.list_queues()
    client.list_queues()
    assert [caller_of(one) for one in seen] == ["Control", OPERATOR]


def test_what_a_function_hands_to_its_threads_is_the_functions(signed):
    client, seen = signed
    with calling_as("Fanout"), ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: client.list_queues(), range(3)))
    assert [caller_of(one) for one in seen] == ["Fanout"] * 3


def test_a_request_without_signature_is_the_operators():
    assert caller_of("") == OPERATOR
