"""The Socket.IO API: the start that answers at once, polls, and the WebSocket side."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.api import sockets
from chalicelib.domain.access import Role
from chalicelib.domain.session import Desired, Status
from chalicelib.domain.watchers import Channel
from tests.api.conftest import Caller, Reply, World
from tests.makers import a_running_session, a_session

POLL = "/socket.io?EIO=4&transport=polling"
START = "/api/sessions/my-session/initialize-with-qr"


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


def an_event(kind: str, connection: str = "c1", **fields: Any) -> dict[str, Any]:
    context = {"connectionId": connection, "eventType": kind, "domainName": "x", "stage": "api", "apiId": "x"}
    return {"requestContext": context | {"identity": {"sourceIp": "1.2.3.4"}}, **fields}


def knock(query: dict[str, str], connection: str = "c1", **headers: str) -> int:
    asked = {"sb_dialect": "socketio", "EIO": "4", "transport": "websocket"} | query
    event = an_event("CONNECT", connection, queryStringParameters=asked, headers=headers)
    status: int = sockets.connect(event, None)["statusCode"]
    return status


def opened(answer: Reply) -> dict[str, Any]:
    assert (answer.status, answer.content[:1]) == (200, b"0"), answer.content
    said: dict[str, Any] = json.loads(answer.content[1:])
    return said


def test_a_session_is_created_and_started_at_once(world: World, ana: Caller) -> None:
    answer = ana("POST", START)
    assert answer.status == 200
    assert answer.json["data"] == {
        "sessionName": "my-session",
        "initializing": True,
        "websocketRoom": "session-my-session",
        "events": {"qrCode": "qr-code", "statusUpdate": "status-update", "sessionComplete": "session-complete"},
    }
    (session,) = world.stores.sessions.rows.values()
    assert (session.id, session.desired, session.status) == ("my-session", Desired.RUNNING, Status.CREATED)


def test_a_session_that_is_there_is_started_and_one_that_runs_left_alone(world: World, ana: Caller) -> None:
    stands = world.put(a_session(id="my-session"))
    assert ana("POST", START).status == 200
    assert world.stores.sessions.rows[stands.uid].desired is Desired.RUNNING
    runs = world.put(a_running_session(id="my-session", uid=stands.uid))
    assert ana("POST", START, {"headless": True}).status == 200
    assert world.stores.sessions.rows[stands.uid] == runs


def test_a_session_on_its_way_out_is_not_started(world: World, ana: Caller) -> None:
    world.put(a_session(id="my-session", status=Status.DELETING))
    answer = ana("POST", START)
    assert (answer.status, answer.json["code"]) == (409, "SESSION_DELETING")
    assert "Retry-After" in answer.headers


def test_nobody_starts_a_session_but_where_that_is_allowed(world: World, nobody: Caller) -> None:
    assert nobody("POST", START).status == 401
    world.allow_anonymous = True
    assert nobody("POST", START).status == 200
    assert Caller(nobody.client, world.token(role=Role.READ_ONLY))("POST", START).status == 403


def test_a_polling_client_goes_all_the_way(world: World, nobody: Caller) -> None:
    world.put(a_session())
    hello = opened(nobody("GET", POLL))
    assert hello["upgrades"] == ["websocket"]
    here = f"{POLL}&sid={hello['sid']}"
    auth = json.dumps({"token": world.token()})
    assert nobody("POST", here, f"40{auth}".encode(), Content_Type="text/plain").content == b"ok"
    assert nobody("GET", here).content.startswith(b"40{")
    assert nobody("POST", here, b'421["join-session","ana"]', Content_Type="text/plain").content == b"ok"
    answer, status = nobody("GET", here).content.decode().split("\x1e")
    assert answer == '431[{"success":true,"sessionName":"ana"}]'
    assert status.startswith('42["status-update",{"status":"notLogged"')
    assert nobody("GET", here).content == b"6"
    assert nobody("POST", here, b"1").content == b"ok"
    assert nobody("GET", here).json == {"code": 1, "message": "Session ID unknown"}


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/socket.io?EIO=3&transport=polling", 5),
        ("GET", "/socket.io?transport=polling", 5),
        ("GET", "/socket.io?EIO=4&transport=carrier-pigeon", 0),
        ("GET", "/socket.io?EIO=4", 0),
        ("GET", f"{POLL}&sid=none", 1),
        ("POST", POLL, 2),
        ("POST", f"{POLL}&sid=none", 1),
    ],
)
def test_what_is_no_engine_io_request_is_refused_in_its_words(
    nobody: Caller, method: str, path: str, code: int
) -> None:
    answer = nobody(method, path, b"40" if method == "POST" else None)
    assert (answer.status, answer.json["code"]) == (400, code)


@pytest.mark.parametrize("body", [b"\xff", b"9", b"4" * 500_000])
def test_a_body_that_is_no_packet_is_refused(nobody: Caller, body: bytes) -> None:
    sid = opened(nobody("GET", POLL))["sid"]
    assert nobody("POST", f"{POLL}&sid={sid}", body).status in {400, 413}


def test_a_credential_that_is_not_good_is_refused_at_the_handshake(world: World, nobody: Caller) -> None:
    world.allow_anonymous = True
    bad = [world.forged(key=None, algorithm="none"), world.token(ago=25 * 3_600_000), "x", world.key()]
    for token in bad:
        assert nobody("GET", f"{POLL}&token={token}").status == 401
        assert knock({"token": token}) == 401
        assert knock({}, authorization=f"Bearer {token}") == 401
    assert not world.stores.channels.rows


def test_another_tenant_s_channel_is_unknown(world: World, nobody: Caller) -> None:
    sid = opened(nobody("GET", f"{POLL}&token={world.token()}"))["sid"]
    other = world.token(tenant="other")
    assert nobody("GET", f"{POLL}&sid={sid}&token={other}").json["code"] == 1
    assert knock({"sid": sid, "token": other}) == 400


def test_many_from_one_address_are_refused(world: World, nobody: Caller) -> None:
    for _ in range(3):
        assert knock({"token": world.token()}) == 200
    assert knock({"token": world.token()}) == 429


def test_a_websocket_client_is_greeted_heard_and_forgotten(world: World) -> None:
    assert knock({"token": world.token()}) == 200
    (channel,) = world.stores.channels.rows.values()
    assert ("greet", channel.sid, 0) in world.wakes.jobs
    assert sockets.message(an_event("MESSAGE", body="40"), None)["statusCode"] == 200
    assert [text[:2] for _, text in world.sockets.sent] == ["40"]
    assert sockets.disconnect(an_event("DISCONNECT"), None)["statusCode"] == 200
    assert not world.stores.channels.rows


def test_an_unknown_channel_or_version_is_refused_at_the_websocket(world: World) -> None:
    assert knock({"sid": "none"}) == 400
    assert knock({"EIO": "3"}) == 400


@pytest.mark.parametrize("over", ["polling", "websocket"])
def test_a_user_who_is_disabled_while_its_client_comes_in_keeps_no_channel(
    world: World, nobody: Caller, monkeypatch: pytest.MonkeyPatch, over: str
) -> None:
    token = world.token(role=Role.MEMBER)
    (name,) = [user for user in world.stores.users.rows if user != "admin"]
    enlist = world.stores.channels.enlist

    def disabled_before(channel: Channel) -> None:
        world.stores.users.rows[name] = replace(world.stores.users.rows[name], disabled=True)
        world.closing.close(name)
        enlist(channel)

    monkeypatch.setattr(world.stores.channels, "enlist", disabled_before)
    if over == "websocket":
        assert knock({"token": token}) == 401
    else:
        assert nobody("GET", f"{POLL}&token={token}").status == 401
    assert not world.stores.channels.rows
