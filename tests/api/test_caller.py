"""Whose address counts: forged headers never do."""

import json

import pytest

from chalicelib.api.call import address, called
from chalicelib.config import settings
from tests.api.conftest import Caller

CONTEXT = {"identity": {"sourceIp": "192.0.2.1"}}
SECRET = "what only the edge knows"
OTHER = "what it knew before"


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SECRET", json.dumps({"current": SECRET, "other": OTHER}))
    monkeypatch.setattr("chalicelib.api.call.settings", settings.__wrapped__)


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize("proof", ["X-Switchboard-Edge", "x-switchboard-edge"])
def test_behind_the_edge_the_viewer_s_address_counts(proof: str) -> None:
    assert address(CONTEXT, {proof: SECRET, "X-Switchboard-Viewer": "2001:db8::7"}) == "2001:db8::7"


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Switchboard-Viewer": "203.0.113.9"},
        {"X-Switchboard-Viewer": "203.0.113.9", "X-Switchboard-Edge": ""},
        {"X-Switchboard-Viewer": "203.0.113.9", "X-Switchboard-Edge": "guéssed"},
        {"X-Switchboard-Edge": SECRET},
        {"X-Forwarded-For": "203.0.113.9", "CloudFront-Viewer-Address": "203.0.113.9:1"},
    ],
)
def test_around_the_edge_the_address_that_connected_counts(headers: dict[str, str]) -> None:
    assert address(CONTEXT, headers) == "192.0.2.1"


def test_where_there_is_no_edge_an_empty_proof_proves_nothing() -> None:
    assert address(CONTEXT, {"X-Switchboard-Viewer": "203.0.113.9", "X-Switchboard-Edge": ""}) == "192.0.2.1"


@pytest.mark.parametrize(
    ("path", "stage"),
    [("/sessions/ana/messages", ""), ("/dev/sessions/ana/messages", "/dev"), ("/dev/x/sessions/ana/messages", "")],
)
def test_the_gateway_s_address_has_the_stage_that_stands_before_a_route_with_variables(path: str, stage: str) -> None:
    headers = {"Host": "box.example", "X-Forwarded-Proto": "https"}
    assert called({"path": path}, headers, "/sessions/{id}/messages") == f"https://box.example{stage}"


@pytest.mark.usefixtures("edge")
def test_failed_logins_are_counted_by_the_viewer_s_address(nobody: Caller) -> None:
    def fails(viewer: str) -> int:
        body = {"username": "admin", "password": "wrong"}
        proof = {"X_Switchboard_Viewer": viewer, "X_Switchboard_Edge": SECRET}
        return nobody("POST", "/api/auth/login", body, **proof).status

    assert [fails("203.0.113.9") for _ in range(6)] == [401] * 5 + [429]
    assert fails("203.0.113.10") == 401
