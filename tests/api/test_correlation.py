"""Each call has one id: the answer's, the log's, and what an edge calls it beside it."""

import json
import logging
from typing import Any

import pytest

from chalicelib.api import sockets
from chalicelib.config import settings
from chalicelib.domain.edge import CATCH_ALL
from chalicelib.services.correlation import HEADER
from tests.api.conftest import Caller, World
from tests.api.test_sockets import FORM, an_event
from tests.api.test_unknown import ask
from tests.makers import a_session

PROOF = "what only the edge knows"
THROUGH = {"X_Switchboard_Edge": PROOF, "X_Amz_Cf_Id": "cf-1"}


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SECRET", json.dumps({"current": PROOF}))
    monkeypatch.setattr("chalicelib.api.call.settings", settings.__wrapped__)


def ids(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(one) for one in caplog.records if "edge_id" in vars(one)]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(("path", "resource"), [("/v1/sessions", "/v1/sessions"), ("/no/such/path", CATCH_ALL)])
def test_every_answer_names_its_call_whatever_it_was_for(method: str, path: str, resource: str) -> None:
    first, second = (ask(method, path, resource=resource).headers[HEADER] for _ in range(2))
    assert first
    assert first != second


def test_an_error_says_the_same_id_as_its_header(nobody: Caller) -> None:
    refused = nobody("GET", "/v1/sessions")
    assert refused.json["request_id"] == refused.request_id


@pytest.mark.usefixtures("edge")
def test_what_the_edge_calls_a_request_is_logged_beside_its_id(
    nobody: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = nobody("GET", "/v1/sessions", **THROUGH)
    assert answer.status == 401
    (line,) = ids(caplog)
    assert line["edge_id"] == "cf-1"


@pytest.mark.usefixtures("edge")
def test_so_it_is_of_a_websocket_s_handshake(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    caplog.set_level(logging.INFO)
    world.put(a_session())
    headers = {name.replace("_", "-"): value for name, value in THROUGH.items()}
    event = an_event("CONNECT", queryStringParameters=FORM | {"token": world.token()}, headers=headers)
    event["requestContext"]["extendedRequestId"] = "r1"
    assert sockets.connect(event, None)["statusCode"] == 200
    (line,) = ids(caplog)
    assert (line["edge_id"], line["request_id"]) == ("cf-1", "r1")


def test_without_an_edge_nobody_s_word_is_taken_for_it(nobody: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    nobody("GET", "/health", X_Amz_Cf_Id="forged")
    assert ids(caplog) == []


def test_a_client_chooses_no_id(nobody: Caller) -> None:
    answer = nobody("GET", "/health", X_Amzn_RequestId="chosen", **{HEADER: "chosen"})
    assert answer.request_id != "chosen"
