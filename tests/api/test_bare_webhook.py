"""The bare API's webhook calls."""

from typing import Any

import pytest

from chalicelib.domain.access import Role
from tests.api.conftest import Caller, World
from tests.makers import SECRET, a_running_session

PATH = "/sessions/ana/webhook"
URL = "https://example.com/hook"


@pytest.fixture(autouse=True)
def session(world: World) -> None:
    world.put(a_running_session())


def stands(world: World) -> Any:
    (session,) = world.stores.sessions.rows.values()
    return session


def test_the_documented_call_sets_it(world: World, ana: Caller) -> None:
    answer = ana("POST", PATH, {"webhookUrl": URL, "events": ["status", "message"], "secret": "your-secret"})
    assert answer.status == 200
    assert answer.json == {
        "success": True,
        "sessionId": "ana",
        "webhookUrl": URL,
        "events": ["message", "status"],
        "webhookSecret": SECRET,
    }
    session = stands(world)
    assert (session.webhook_format, session.webhook_events) == ("bare", ("message", "status"))
    assert session.webhook_key == "your-secret"


def test_the_older_page_s_call_sets_it_for_all_events(world: World, ana: Caller) -> None:
    assert ana("POST", PATH, {"url": URL}).json["events"] == ["message", "status", "connection"]
    assert (stands(world).webhook_url, stands(world).webhook_key) == (URL, None)


def test_no_credential_is_needed_where_the_family_needs_none(world: World, nobody: Caller) -> None:
    world.allow_anonymous = True
    assert nobody("POST", PATH, {"url": URL}).status == 200
    assert nobody("DELETE", PATH).json == {"success": True, "message": "Webhook removed", "sessionId": "ana"}
    assert stands(world).webhook_url is None
    again = nobody("DELETE", PATH)
    assert (again.status, again.json["message"]) == (200, "There was no webhook to remove")


def test_a_caller_s_own_secret_is_never_shown(ana: Caller) -> None:
    answers = [ana("POST", PATH, {"url": URL, "secret": "your-secret"})]
    answers += [ana("GET", path) for path in ("/sessions/ana", "/sessions", "/api/sessions/ana", "/api/sessions")]
    assert [answer.status for answer in answers] == [200] * 5
    assert all(b"your-secret" not in answer.content for answer in answers)


def test_a_reader_may_not(world: World, nobody: Caller) -> None:
    reader = Caller(nobody.client, world.token(role=Role.READ_ONLY))
    assert reader("POST", PATH, {"url": URL}).status == 403
    assert reader("DELETE", PATH).status == 403


def test_repeated_with_its_key_it_does_not_come_back_after_its_removal(world: World, ana: Caller) -> None:
    ana("POST", PATH, {"url": URL}, Idempotency_Key="k")
    ana("DELETE", PATH)
    assert ana("POST", PATH, {"url": URL}, Idempotency_Key="k").json["webhookUrl"] is None
    other = ana("POST", PATH, {"url": URL + "/other"}, Idempotency_Key="k")
    assert (other.status, other.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "webhookUrl"),
        ({"webhookUrl": ""}, "webhookUrl"),
        ({"url": ""}, "url"),
        ({"url": "http://127.0.0.1/hook"}, "url"),
        ({"webhookUrl": "https://169.254.169.254/"}, "webhookUrl"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["qr"]}, "events[0]"),
        ({"url": URL, "events": "message"}, "events"),
        ({"url": URL, "secret": "short"}, "secret"),
        ({"url": URL, "secret": "x" * 257}, "secret"),
        ({"url": URL, "secret": "with\na line"}, "secret"),
    ],
)
def test_a_bad_webhook_is_refused_by_field_and_not_set(
    world: World, ana: Caller, body: dict[str, Any], field: str
) -> None:
    answer = ana("POST", PATH, body)
    assert (answer.status, answer.json.get("field")) == (400, field), answer.json
    assert stands(world).webhook_url is None
