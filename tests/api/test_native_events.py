"""The native API's events: pages, tickets, and who may open the WebSocket."""

import json
from typing import Any

import pytest

from chalicelib.api import sockets
from chalicelib.dialects import websocket_paths
from chalicelib.domain.access import Role
from chalicelib.domain.edge import destination
from chalicelib.domain.events import Connected, Envelope, QRShown, SettingsChanged
from chalicelib.domain.messages import Direction, MessageStatus, summary
from chalicelib.domain.session import Status
from tests.api.conftest import Caller, World
from tests.api.test_sockets import an_event
from tests.makers import NOW, a_code, a_message, a_running_session, a_session

LABEL = "2026-11-28T02:00:00.000"


def a_cursor(number: int) -> str:
    return f"{LABEL}#{number:040}"


def written(number: int) -> str:
    return a_cursor(number).replace("#", "_")


def happen(world: World, number: int, type_: str = Connected.type, **data: Any) -> None:
    told = {"status": "CONNECTED", **data}
    session = world.stores.sessions.find("default", "ana")
    assert session
    world.stores.history.append(
        Envelope(f"e{number}", type_, "default", "ana", session.uid, NOW, a_cursor(number), told)
    )


def test_a_list_of_events_goes_on_by_its_cursor_and_later_by_the_last_event_s(world: World, ana: Caller) -> None:
    world.put(a_session())
    for number in range(1, 6):
        happen(world, number)
    found, since = [], ""
    while True:
        page = ana("GET", f"/v1/sessions/ana/events?limit=2{since and f'&since={since}'}").json
        found += page["data"]
        if page["next_cursor"] is None:
            break
        since = page["next_cursor"]
    assert [one["id"] for one in found] == ["e1", "e2", "e3", "e4", "e5"]
    assert found[0] == {
        "id": "e1",
        "type": "session.connected",
        "session": "ana",
        "at": "2027-01-15T08:00:00.000Z",
        "cursor": written(1),
        "data": {"status": "CONNECTED"},
    }
    happen(world, 6)
    # Also in the words that webhooks had for it.
    for last in (found[-1]["cursor"], a_cursor(5).replace("#", "%23")):
        (later,) = ana("GET", f"/v1/sessions/ana/events?since={last}").json["data"]
        assert later["id"] == "e6"


def test_a_message_in_it_says_what_it_says(world: World, ana: Caller) -> None:
    session = world.put(a_session())
    message = a_message(uid=session.uid, direction=Direction.INBOUND, status=MessageStatus.RECEIVED, text="Kopi?")
    world.stores.messages.put(message)
    happen(world, 1, "message.received", **summary(message))
    (told,) = ana("GET", "/v1/sessions/ana/events").json["data"]
    assert "Kopi?" in json.dumps(told["data"])
    world.stores.messages.remove(message)
    (told,) = ana("GET", "/v1/sessions/ana/events").json["data"]
    assert "Kopi?" not in json.dumps(told["data"])
    assert (told["data"]["id"], told["data"]["type"]) == (message.id, "text")


def test_types_are_chosen_and_own_affairs_and_codes_left_out(world: World, ana: Caller) -> None:
    code = a_code(expires_at=world.clock.now + 60_000)
    world.put(a_running_session(status=Status.SCAN_QR, qr=code))
    happen(world, 1)
    happen(world, 2, SettingsChanged.type)
    happen(world, 3, QRShown.type, attempt=1, expires_at=NOW)
    happen(world, 4, "message.received", message="01M", kind="text")
    answer = ana("GET", "/v1/sessions/ana/events")
    assert [one["id"] for one in answer.json["data"]] == ["e1", "e3", "e4"]
    assert code.code.encode() not in answer.content
    some = ana("GET", "/v1/sessions/ana/events?types=message.*,session.qr").json["data"]
    assert [one["id"] for one in some] == ["e3", "e4"]
    assert some[0]["data"]["expires_at"] == "2027-01-15T08:00:00.000Z"


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("since=yesterday", (400, "INVALID_FIELD")),
        (f"since={LABEL}", (400, "INVALID_FIELD")),
        (f"since={written(9)}", (410, "CURSOR_GONE")),
        ("types=mesage.*", (400, "INVALID_FIELD")),
        ("cursor=x", (400, "INVALID_FIELD")),
        ("limit=0", (400, "INVALID_FIELD")),
    ],
)
def test_what_can_not_be_meant_is_refused(world: World, ana: Caller, query: str, refusal: tuple[int, str]) -> None:
    world.put(a_session())
    happen(world, 1)
    answer = ana("GET", f"/v1/sessions/ana/events?{query}")
    assert (answer.status, answer.error["code"]) == refusal
    assert answer.error["field"] == query.partition("=")[0]


def test_the_edge_leads_to_it_without_a_session() -> None:
    for path in ("/v1/ws", "/v1/ws/"):
        way = destination(path, {}, websocket_paths(), handshake=True)
        assert (way.api, way.parameters) == ("websocket", {"sb_dialect": "native"})


def knock(query: dict[str, str], **headers: str) -> tuple[int, Any]:
    event = an_event("CONNECT", queryStringParameters={"sb_dialect": "native", **query}, headers=headers)
    answer = sockets.connect(event, None)
    return answer["statusCode"], json.loads(answer["body"] or "null")


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


def test_a_ticket_opens_one_websocket(world: World, ana: Caller, region: None) -> None:
    world.put(a_session())
    made = ana("POST", "/v1/ws-ticket", {"session": "ana"})
    assert made.status == 200
    assert knock({"token": made.json["ticket"]})[0] == 200
    watcher = world.stores.watchers.get("w1")
    assert watcher
    assert (watcher.session, watcher.only, watcher.codes) == ("", "ana", True)
    assert knock({"token": made.json["ticket"]})[0] == 401


def test_so_do_tokens_and_in_a_header_api_keys(world: World, nobody: Caller, region: None) -> None:
    assert knock({"token": world.token()})[0] == 200
    assert knock({}, Authorization=f"Bearer {world.token()}")[0] == 200
    key = world.key(role=Role.MEMBER, session="ana")
    assert knock({}, Authorization=f"Bearer {key}")[0] == 200
    status, said = knock({"token": key})
    assert (status, said["error"]["code"], bool(said["request_id"])) == (401, "UNAUTHENTICATED", True)
    assert knock({})[0] == 401


def test_what_it_is_asked_is_done(world: World, region: None) -> None:
    world.put(a_session())
    assert knock({"token": world.token()})[0] == 200
    sockets.message(an_event("MESSAGE", body='{"subscribe": {"ana": null}, "ping": 1}'), None)
    assert [json.loads(text)["type"] for _, text in world.sockets.sent] == ["subscribed", "pong"]
    sockets.disconnect(an_event("DISCONNECT"), None)
    assert world.stores.watchers.rows == {}


def test_more_connections_than_a_tenant_may_have_are_refused(world: World, region: None) -> None:
    world.watchers_per_tenant = 0
    status, said = knock({"token": world.token()})
    assert (status, said["error"]["code"], said["error"]["retry_after"]) == (429, "TOO_MANY_WATCHERS", 60)
    assert world.stores.watchers.rows == {}
