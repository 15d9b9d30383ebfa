"""Seed 001's changes of a session's settings."""

import pytest

from tests.api.conftest import Caller

HOOK = "https://example.com/hook"


@pytest.fixture
def made(ana: Caller) -> str:
    return str(ana("POST", "/api/sessions", {"phone": "6281234567890", "name": "Ana"}).json["data"]["id"])


def test_a_change_touches_what_it_names_and_nothing_else(ana: Caller, made: str) -> None:
    changed = ana("PUT", f"/api/sessions/{made}", {"webhook_url": HOOK})
    assert changed.status == 200
    assert (changed.json["data"]["name"], changed.json["data"]["webhook_url"]) == ("Ana", HOOK)
    assert changed.json["data"]["webhook_secret"].startswith("whsec_")
    renamed = ana("PUT", f"/api/sessions/{made}/name", {"name": "Ben"}).json["data"]
    assert (renamed["name"], renamed["webhook_url"]) == ("Ben", HOOK)
    assert renamed["webhook_secret"] == changed.json["data"]["webhook_secret"]


def test_an_empty_address_removes_the_webhook(ana: Caller, made: str) -> None:
    ana("PUT", f"/api/sessions/{made}/webhook", {"webhook_url": HOOK})
    removed = ana("PUT", f"/api/sessions/{made}/webhook", {"webhook_url": ""}).json["data"]
    assert removed["webhook_url"] is None
    assert "webhook_secret" not in removed


def test_a_session_that_is_switched_off_sends_nothing(ana: Caller, made: str) -> None:
    assert ana("PUT", f"/api/sessions/{made}/enabled", {"enabled": False}).json["data"]["enabled"] is False
    refused = ana("POST", f"/api/sessions/{made}/send", {"to": "628987654321", "message": "hello"})
    assert (refused.status, refused.json["code"]) == (403, "SESSION_DISABLED")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("", {"name": 7}, "name"),
        ("", {"enabled": "yes"}, "enabled"),
        ("", {"webhook_url": "ftp://example.com"}, "webhook_url"),
        ("/name", {}, "name"),
        ("/webhook", {"name": "Ben"}, "webhook_url"),
        ("/enabled", {"enabled": None}, "enabled"),
    ],
)
def test_a_wrong_change_is_refused_by_its_field_and_changes_nothing(
    ana: Caller, made: str, path: str, body: dict[str, object], field: str
) -> None:
    refused = ana("PUT", f"/api/sessions/{made}{path}", body)
    assert (refused.status, refused.json["field"]) == (400, field)
    assert ana("GET", f"/api/sessions/{made}").json["data"]["name"] == "Ana"


def test_a_session_that_is_not_there_is_not_changed(ana: Caller) -> None:
    assert ana("PUT", "/api/sessions/nobody", {"name": "Ben"}).status == 404
