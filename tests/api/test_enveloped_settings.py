"""The enveloped API's changes of a session's settings."""

from typing import Any

import pytest

from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.domain.session import Session
from chalicelib.domain.webhook import reachable
from tests.api.conftest import Caller, World
from tests.makers import NOW, SECRET, a_running_session, a_session

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


@pytest.mark.parametrize("path", ["/api/sessions/{id}/connect", "/api/sessions/{id}/login", "/sessions/{id}/connect"])
def test_a_session_that_is_switched_off_is_not_said_to_be_connected(ana: Caller, made: str, path: str) -> None:
    ana("PUT", f"/api/sessions/{made}/enabled", {"enabled": False})
    refused = ana("POST", path.replace("{id}", made))
    assert (refused.status, refused.json["code"]) == (403, "SESSION_DISABLED")
    assert ana("GET", f"/api/sessions/{made}").json["data"]["status"] == "CREATED"
    ana("PUT", f"/api/sessions/{made}/enabled", {"enabled": True})
    assert ana("POST", path.replace("{id}", made)).status == 200


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


def stands(world: World) -> Session:
    (session,) = world.stores.sessions.rows.values()
    return session


@pytest.mark.parametrize("path", ["", "/webhook"])
def test_an_endpoint_that_was_gone_is_told_again_once_its_address_is_set_again(
    world: World, ana: Caller, path: str
) -> None:
    hooked = a_running_session(webhook_url=HOOK, webhook_secret=SECRET, webhook_disabled_at=NOW, webhook_generation=1)
    world.put(hooked)
    answer = ana("PUT", f"/api/sessions/ana{path}", {"webhook_url": HOOK}).json
    assert (answer["message"], answer["data"]["webhook_disabled_at"]) == ("Session updated", None)
    assert answer["data"]["webhook_secret"] == SECRET, "the address is the old one, and so is its secret"
    assert (reachable(stands(world)), stands(world).webhook_generation) == (True, 2)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"name": "Ana", "enabled": True, "webhook_url": HOOK}),
        ("/name", {"name": "Ana"}),
        ("/enabled", {"enabled": True}),
        ("/webhook", {"webhook_url": HOOK}),
    ],
)
def test_what_stands_already_is_not_said_to_have_been_changed(
    world: World, ana: Caller, path: str, body: dict[str, object]
) -> None:
    before = world.put(a_running_session(name="Ana", webhook_url=HOOK, webhook_secret=SECRET))
    answer = ana("PUT", f"/api/sessions/ana{path}", body)
    assert (answer.status, answer.json["message"][:28]) == (200, "There was nothing to change:")
    assert stands(world) == before, "nothing is written, and so nothing told"


def test_null_removes_the_webhook_as_a_get_shows_that_there_is_none(ana: Caller, made: str) -> None:
    ana("PUT", f"/api/sessions/{made}", {"webhook_url": HOOK})
    removed = ana("PUT", f"/api/sessions/{made}", {"name": "Ana", "webhook_url": None}).json
    assert (removed["message"], removed["data"]["webhook_url"]) == ("Session updated", None)


@pytest.mark.parametrize("body", [{}, {"name": None}, {"title": "Ben"}, {"enabled": None, "proxy": HOOK}])
def test_a_change_of_nothing_is_refused(ana: Caller, made: str, body: dict[str, object]) -> None:
    refused = ana("PUT", f"/api/sessions/{made}", body)
    assert (refused.status, refused.json["code"], refused.json["field"]) == (400, "INVALID_FIELD", "name")
    assert "Give one of these: name, webhook_url, enabled" in refused.json["error"]


WHERE = {"enabled": True, "type": "socks5", "host": "proxy.example.com", "port": 1080}
SHOWN = {"username": "ana-of-the-shop", "password": "word-of-the-owner"}


def test_a_proxy_is_set_at_a_create_or_by_its_own_route_and_never_told_with_its_credentials(
    world: World, ana: Caller
) -> None:
    made = ana("POST", "/api/sessions", {"phone": "6281234567890", "proxy_config": {**WHERE, **SHOWN}})
    assert made.json["data"]["proxy_config"] == WHERE
    (session,) = world.stores.sessions.rows.values()
    assert session.proxy == Proxy(ProxyType.SOCKS5, "proxy.example.com", 1080, *SHOWN.values())
    path = "/api/sessions/6281234567890"
    told = [made, ana("GET", path), ana("PUT", f"{path}/name", {"name": "Shop"})]
    assert all(word.encode() not in answer.content for answer in told for word in SHOWN.values())
    # Sent back as it was given: nothing changes, the credentials neither.
    ana("PUT", path, {"proxy_config": WHERE, "name": "Shop"})
    (session,) = world.stores.sessions.rows.values()
    assert (session.proxy, session.restarts) == (
        Proxy(ProxyType.SOCKS5, "proxy.example.com", 1080, *SHOWN.values()),
        0,
    )
    changed = ana("PUT", f"{path}/proxy", {"proxy_config": {"host": "8.8.8.8", "port": 3128}})
    assert changed.json["data"]["proxy_config"] == {"enabled": True, "type": "http", "host": "8.8.8.8", "port": 3128}


@pytest.mark.parametrize("off", [None, {"enabled": False}, {**WHERE, "enabled": False}])
def test_a_proxy_that_is_null_or_switched_off_is_none(world: World, ana: Caller, off: Any) -> None:
    world.put(a_session(proxy=Proxy(ProxyType.HTTP, "proxy.example.com", 8080)))
    assert ana("PUT", "/api/sessions/ana/proxy", {"proxy_config": off}).json["data"]["proxy_config"] is None
    (session,) = world.stores.sessions.rows.values()
    assert session.proxy is None


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({}, "proxy_config.host"),
        ({"host": "proxy.example.com"}, "proxy_config.port"),
        ({**WHERE, "host": "127.0.0.1"}, "proxy_config.host"),
        ({**WHERE, "password": "alone"}, "proxy_config.username"),
        ({**WHERE, "type": "socks4"}, "proxy_config.type"),
    ],
)
def test_a_proxy_that_can_not_be_one_is_refused_by_name(
    world: World, ana: Caller, config: dict[str, Any], field: str
) -> None:
    world.put(a_session())
    answer = ana("PUT", "/api/sessions/ana/proxy", {"proxy_config": config})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", field)
