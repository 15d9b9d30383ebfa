"""What a router answers to what nobody foresaw."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.api.call import ANSWERED_IN, GATEWAY_WAITS
from chalicelib.api.codes import LONGEST_WAIT
from chalicelib.services.messages.outbox import PATIENCE
from chalicelib.services.ports import Unavailable
from infra.local.rest import INTEGRATION_TIMEOUT_S
from tests.api.conftest import Caller, World
from tests.makers import DEVICE, a_running_session


@dataclass
class Broken:
    """A session store that fails."""

    error: Exception

    def find(self, tenant: str, session_id: str) -> None:
        raise self.error


@pytest.fixture
def broken(world: World, monkeypatch: pytest.MonkeyPatch) -> Broken:
    store = Broken(RuntimeError("the table is upside down"))
    monkeypatch.setattr(world.stores.sessions, "find", store.find)
    return store


@pytest.mark.parametrize(("path", "request_id"), [("/api/sessions/ana", "request_id"), ("/sessions/ana", "requestId")])
def test_the_unexpected_is_logged_and_answered_without_details(
    ana: Caller, broken: Broken, caplog: pytest.LogCaptureFixture, path: str, request_id: str
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = ana("GET", path, b'{"password": "secret"}')
    assert (answer.status, answer.json["code"]) == (500, "INTERNAL")
    assert b"upside down" not in answer.content
    assert answer.json[request_id] in caplog.text
    assert "upside down" in caplog.text
    assert "secret" not in caplog.text


def test_a_busy_aws_means_try_again(ana: Caller, broken: Broken) -> None:
    broken.error = Unavailable("throttled")
    answer = ana("GET", "/sessions/ana")
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "NOT_READY", "1")


@pytest.fixture
def late(ana: Caller, world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Has the caller's requests come to API Gateway so many milliseconds before they are served."""
    gateway: Any = ana.client.http._local_gateway
    made = gateway._generate_lambda_event

    def be(milliseconds: int) -> None:
        def event(*given: Any, **named: Any) -> dict[str, Any]:
            event: dict[str, Any] = made(*given, **named)
            event["requestContext"]["requestTimeEpoch"] = world.clock() - milliseconds
            return event

        monkeypatch.setattr(gateway, "_generate_lambda_event", event)

    return be


BODY = {"to": "628987654321", "message": "Kopi?"}


def test_a_send_is_answered_as_queued_before_the_gateway_s_time_is_up(
    ana: Caller, world: World, late: Callable[[int], None]
) -> None:
    world.put(a_running_session(device=DEVICE))
    late(4_000)
    began = world.clock()
    answer = ana("POST", "/api/sessions/ana/send", BODY)
    assert (answer.status, answer.json["data"]["status"]) == (202, "queued")
    assert world.clock() - began == PATIENCE * 1000 - 4_000
    late(22_000)
    began = world.clock()
    assert ana("POST", "/api/sessions/ana/send", BODY).status == 202
    assert world.clock() == began, "its caller has waited for longer than that"
    late(0)
    began = world.clock()
    assert ana("POST", "/api/sessions/ana/send", BODY).status == 202
    assert world.clock() - began == PATIENCE * 1000


def test_a_call_that_comes_when_its_gateway_is_about_to_give_up_does_nothing(
    ana: Caller, world: World, late: Callable[[int], None]
) -> None:
    world.put(a_running_session(device=DEVICE))
    late(ANSWERED_IN)
    answer = ana("POST", "/api/sessions/ana/send", BODY)
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "NOT_READY", "1")
    assert world.stores.messages.rows == {}


def test_waiting_ends_well_before_api_gateway_does() -> None:
    assert LONGEST_WAIT * 1000 < ANSWERED_IN < GATEWAY_WAITS == INTEGRATION_TIMEOUT_S * 1000
