"""The bare API's routes."""

import re
from dataclasses import replace

import pytest

from chalicelib.domain.session import Desired, Status
from tests.api.conftest import Caller, World
from tests.makers import DEVICE, a_code, a_running_session, a_session

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def a_code_comes(world: World) -> None:
    """While somebody waits, every session shows a code."""

    def show() -> None:
        for session in list(world.stores.sessions.rows.values()):
            world.put(replace(session, status=Status.SCAN_QR, qr=a_code(expires_at=world.clock.now + 60_000)))

    world.while_waiting = show


def test_a_create_without_any_body_answers_with_a_code(world: World, nobody: Caller) -> None:
    world.allow_anonymous = True
    a_code_comes(world)
    answer = nobody("POST", "/sessions", Content_Type="application/json")
    assert answer.status == 201
    assert UUID.fullmatch(answer.json["sessionId"])
    assert answer.json["qrCode"].startswith("data:image/png;base64,")
    assert answer.json["status"] == "pending"
    assert "Retry-After" not in answer.headers
    assert [s.desired for s in world.stores.sessions.rows.values()] == [Desired.RUNNING]


def test_a_create_whose_code_takes_longer_says_so(world: World, ana: Caller) -> None:
    begun = world.clock.now
    answer = ana("POST", "/sessions")
    assert (answer.status, answer.json["qrCode"], answer.json["status"]) == (201, None, "pending")
    assert int(answer.headers["Retry-After"]) > 0
    assert world.clock.now - begun == 25_000


def test_a_create_may_choose_its_id_and_ignores_what_it_does_not_know(world: World, ana: Caller) -> None:
    a_code_comes(world)
    body = {"sessionId": "shop.7", "phoneNumber": "+491701234567", "name": "Shop", "browser": ["x"]}
    assert ana("POST", "/sessions", body).json["sessionId"] == "shop.7"
    shown = ana("GET", "/sessions/shop.7").json
    assert (shown["phoneNumber"], shown["name"]) == ("+491701234567", "Shop")


def test_a_second_create_is_a_conflict(world: World, ana: Caller) -> None:
    world.put(a_session())
    answer = ana("POST", "/sessions", {"sessionId": "ana"})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (409, "SESSION_EXISTS", "sessionId")
    assert answer.json["timestamp"].endswith("Z")


def test_a_connected_session_looks_as_documented(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE, connected_at=1_736_337_600_000))
    assert ana("GET", "/sessions/ana").json == {
        "sessionId": "ana",
        "status": "connected",
        "phoneNumber": "+6281234567890",
        "connectedAt": "2025-01-08T12:00:00.000Z",
    }


def test_sessions_are_listed(world: World, ana: Caller) -> None:
    for number in range(2):
        world.put(a_session(id=f"s{number}", uid=f"u{number}"))
    first = ana("GET", "/sessions?limit=1").json
    assert first["sessions"] == [{"sessionId": "s0", "status": "pending", "phoneNumber": None}]
    assert ana("GET", f"/sessions?after={first['nextCursor']}").json["sessions"][0]["sessionId"] == "s1"


def test_a_deleted_session_is_gone(world: World, ana: Caller) -> None:
    world.put(a_session())
    world.while_waiting = world.stores.sessions.rows.clear
    answer = ana("DELETE", "/sessions/ana")
    assert answer.json == {"message": "Session deleted successfully", "sessionId": "ana"}
    assert ana("GET", "/sessions/ana").json["code"] == "SESSION_NOT_FOUND"


def test_an_error_names_the_session(ana: Caller) -> None:
    assert ana("GET", "/sessions/ana").json["sessionId"] == "ana"


@pytest.mark.parametrize(
    ("action", "desired"),
    [
        ("connect", Desired.RUNNING),
        ("login", Desired.RUNNING),
        ("disconnect", Desired.STOPPED),
        ("logout", Desired.UNLINKED),
    ],
)
def test_actions_say_what_is_wanted(world: World, ana: Caller, action: str, desired: Desired) -> None:
    world.put(a_running_session(status=Status.STOPPED, observed_generation=1, desired=Desired.DELETED))
    answer = ana("POST", f"/sessions/ana/{action}")
    assert (answer.status, answer.json["sessionId"]) == (200, "ana")
    stands = world.stores.sessions.find("default", "ana")
    assert stands
    assert stands.desired is desired


def test_an_empty_id_makes_no_session_of_a_random_name(world: World, ana: Caller) -> None:
    answer = ana("POST", "/sessions", {"sessionId": ""})
    assert (answer.status, answer.json["field"], answer.json["error"]) == (400, "sessionId", "'sessionId' is empty.")
    assert world.stores.sessions.rows == {}


@pytest.mark.parametrize("body", [{"phoneNumber": ""}, {"phoneNumber": "\u200b"}])
def test_an_empty_number_makes_no_session_without_one(world: World, ana: Caller, body: dict[str, str]) -> None:
    answer = ana("POST", "/sessions", body)
    assert (answer.status, answer.json["field"]) == (400, "phoneNumber")
    assert world.stores.sessions.rows == {}


@pytest.mark.parametrize("written", ["whatsapp:+5215574949947", "\u202a+52 1 55\u20117494\u20119947\u202c"])
def test_a_session_s_number_is_good_however_it_was_copied(world: World, ana: Caller, written: str) -> None:
    ana("POST", "/sessions", {"sessionId": "mx", "phoneNumber": written})
    (made,) = world.stores.sessions.rows.values()
    assert made.phone == "5215574949947"
