"""Who calls AWS."""

import boto3
import pytest

from chalicelib.services.threads import Threads
from infra.local.iam.callers import OPERATOR, Callers, calling_as, sign_by_caller
from infra.local.moto.server import MotoServer

CALLERS = Callers()


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    sign_by_caller(CALLERS)
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
    assert [CALLERS.caller_of(one) for one in seen] == ["Control", OPERATOR]


def test_what_a_function_hands_to_its_threads_is_the_functions(signed):
    client, seen = signed
    with calling_as("Fanout"), Threads(2) as pool:
        list(pool.map(lambda _: client.list_queues(), range(3)))
    assert [CALLERS.caller_of(one) for one in seen] == ["Fanout"] * 3


def test_a_request_without_signature_is_nobody_s():
    assert CALLERS.caller_of("") is None


def test_a_name_alone_is_no_proof_and_one_run_s_is_none_in_another():
    for key_id in (OPERATOR, f"{OPERATOR}.", f"{OPERATOR}.{'0' * 64}", Callers().key_id(OPERATOR), "ü.x"):
        assert CALLERS.caller_of(f"AWS4-HMAC-SHA256 Credential={key_id}/20260101/x/sqs/aws4_request") is None
