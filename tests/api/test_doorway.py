"""What a door does with what nobody foresaw."""

import logging
from dataclasses import dataclass

import pytest

from chalicelib.services.ports import Unavailable
from tests.api.conftest import Caller, World


@dataclass
class Broken:
    """A session store that fails."""

    error: Exception

    def find(self, tenant: str, session_id: str) -> None:
        raise self.error


@pytest.fixture
def broken(world: World, monkeypatch: pytest.MonkeyPatch) -> Broken:
    store = Broken(RuntimeError("the table is upside down"))
    monkeypatch.setattr(world.sessions, "find", store.find)
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
