"""The WebSocket API: who may connect, what is answered, and what disconnecting does."""

import json
from typing import Any

import pytest

from chalicelib.api import sockets
from chalicelib.config import settings
from chalicelib.domain.access import Role
from chalicelib.domain.watchers import Watcher
from chalicelib.services.ports import Unavailable
from tests.api.conftest import World
from tests.makers import a_session

FORM = {"sb_dialect": "enveloped", "sb_session": "ana"}


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


def an_event(kind: str, **fields: Any) -> dict[str, Any]:
    context = {"connectionId": "w1", "eventType": kind, "domainName": "x", "stage": "api", "apiId": "x"}
    return {"requestContext": context, **fields}


def knock(query: dict[str, str] | None, **headers: str) -> int:
    event = an_event("CONNECT", queryStringParameters=query, headers=headers)
    status: int = sockets.connect(event, None)["statusCode"]
    return status


def test_a_watcher_with_a_token_follows_the_session(world: World) -> None:
    world.put(a_session())
    assert knock(FORM | {"token": world.token()}) == 200
    watcher = world.stores.watchers.get("w1")
    assert watcher
    assert (watcher.tenant, watcher.session, watcher.dialect) == ("default", "ana", "enveloped")
    assert world.sockets.sent == []
    assert world.wakes.jobs == [("snapshot", "w1", 0)]


def test_a_header_is_as_good_as_a_parameter(world: World) -> None:
    world.put(a_session(id="a.b"))
    assert knock(FORM | {"sb_session": "a%2Eb"}, authorization=f"Bearer {world.token()}") == 200


def test_who_may_only_read_may_watch(world: World) -> None:
    world.put(a_session())
    assert knock(FORM | {"token": world.token(role=Role.READ_ONLY)}) == 200


def test_a_handshake_around_the_edge_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SECRET", '{"current": "known to both", "other": ""}')
    monkeypatch.setattr("chalicelib.api.call.settings", settings.__wrapped__)
    world.put(a_session())
    query = FORM | {"token": world.token()}
    status, said = refused(query)
    assert (status, said["code"]) == (403, "NOT_THROUGH_THE_EDGE")
    assert knock(query, **{"X-Switchboard-Edge": ""}) == 403
    assert knock(query, **{"X-Switchboard-Edge": "known to both"}) == 200


@pytest.mark.parametrize("anonymous", [True, False])
def test_nobody_is_refused(world: World, anonymous: bool) -> None:
    world.allow_anonymous = anonymous
    world.put(a_session())
    assert knock(FORM) == 401
    assert knock(FORM | {"token": ""}) == 401
    assert knock(FORM, authorization="Basic eA==") == 401


def refused(query: dict[str, str], **headers: str) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of a handshake that is refused."""
    answer = sockets.connect(an_event("CONNECT", queryStringParameters=query, headers=headers), None)
    assert answer["headers"]["Content-Type"] == "application/json"
    return answer["statusCode"], json.loads(answer["body"])


def test_a_refusal_is_said_in_the_family_s_words(world: World) -> None:
    status, said = refused(FORM)
    assert (status, said["success"], said["code"]) == (401, False, "UNAUTHENTICATED")
    status, said = refused({"sb_dialect": "socketio", "EIO": "3", "transport": "websocket"})
    assert (status, said) == (400, {"code": 5, "message": "Unsupported protocol version"})


def test_an_api_key_is_told_what_opens_a_websocket_instead(world: World) -> None:
    world.put(a_session())
    key = world.key()
    for status, said in (
        refused(FORM | {"token": key}),
        refused(FORM, authorization=f"Bearer {key}"),
        refused(FORM, **{"X-API-Key": key}),
    ):
        assert (status, said["code"], said["error"]) == (401, "UNAUTHENTICATED", "An API key is no credential here.")
        assert "POST /api/ws-ticket" in said["hint"]
        assert key not in str(said)
    assert not world.stores.watchers.rows


def test_a_token_that_ends_during_the_handshake_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put(a_session())
    token, add = world.token(), world.stores.watchers.add

    def ended_before(watcher: Watcher) -> None:
        world.users.change("default", "ana", password="another one")
        add(watcher)

    monkeypatch.setattr(world.stores.watchers, "add", ended_before)
    assert knock(FORM | {"token": token}) == 401
    assert not world.stores.watchers.rows


def test_a_bad_token_is_refused(world: World) -> None:
    world.put(a_session())
    for token in (world.forged(key=None, algorithm="none"), world.token(ago=25 * 3_600_000), "x"):
        assert knock(FORM | {"token": token}) == 401
    assert not world.stores.watchers.rows


def test_a_session_that_is_not_there_or_not_ours_is_not_found(world: World) -> None:
    world.put(a_session())
    assert knock(FORM | {"token": world.token(), "sb_session": "bob"}) == 404
    assert knock(FORM | {"token": world.token(), "sb_session": "%00"}) == 404
    assert knock(FORM | {"token": world.token(tenant="other")}) == 404
    assert not world.stores.watchers.rows


@pytest.mark.parametrize("query", [None, {}, {"sb_dialect": "klingon", "sb_session": "ana"}, {"sb_session": "ana"}])
def test_an_address_that_the_edge_does_not_know_is_refused(world: World, query: dict[str, str] | None) -> None:
    assert knock((query or {}) | {"token": world.token()} if query is not None else None) == 400


def test_a_ping_gets_a_pong_and_a_goodbye_is_remembered(world: World) -> None:
    world.put(a_session())
    knock(FORM | {"token": world.token()})
    assert sockets.message(an_event("MESSAGE", body='{"type":"ping"}'), None)["statusCode"] == 200
    assert [(to, json.loads(text)) for to, text in world.sockets.sent] == [("w1", {"type": "pong"})]
    assert sockets.disconnect(an_event("DISCONNECT"), None)["statusCode"] == 200
    assert not world.stores.watchers.rows
    assert sockets.message(an_event("MESSAGE", body='{"type":"ping"}'), None)["statusCode"] == 200
    assert len(world.sockets.sent) == 1


def test_a_busy_aws_refuses_the_handshake_for_now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def throttled(tenant: str, session_id: str) -> None:
        raise Unavailable("throttled")

    monkeypatch.setattr(world.stores.sessions, "find", throttled)
    assert knock(FORM | {"token": world.token()}) == 503


def test_more_watchers_than_may_be_are_refused(world: World) -> None:
    world.put(a_session())
    for name in ("w7", "w8"):
        world.stores.watchers.add(
            Watcher(name, "default", "ana", "enveloped", "bo", world.clock.now, world.clock.now + 1)
        )
    assert knock(FORM | {"token": world.token()}) == 429
    assert world.stores.watchers.get("w1") is None
    world.clock.now += 1
    assert knock(FORM | {"token": world.token()}) == 200
