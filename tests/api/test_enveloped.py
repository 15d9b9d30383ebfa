"""The enveloped API's routes."""

from dataclasses import replace

import pytest

from chalicelib.domain.session import Desired, Status
from tests.api.conftest import Caller, World
from tests.makers import DEVICE, a_code, a_running_session, a_session

GUIDE = {"phone": "6281234567890", "name": "My Session"}


def test_a_login_gives_a_token_that_opens_the_other_routes(world: World, nobody: Caller) -> None:
    answer = nobody("POST", "/api/auth/login", {"username": "admin", "password": "admin123"})
    assert (answer.status, answer.json["success"]) == (200, True)
    assert answer.headers["Cache-Control"] == "no-store"
    data = answer.json["data"]
    assert data["user"]["username"] == "admin"
    assert data["expires_at"].endswith("Z")
    assert Caller(nobody.client, data["token"])("GET", "/api/sessions").status == 200


@pytest.mark.parametrize("name", ["admin", "nobody"])
def test_a_wrong_password_does_not_tell_whether_the_user_exists(nobody: Caller, name: str) -> None:
    answer = nobody("POST", "/api/auth/login", {"username": name, "password": "wrong"})
    assert (answer.status, answer.json["code"]) == (401, "INVALID_CREDENTIALS")
    assert answer.json["error"] == "The user name or the password is wrong."


def test_too_many_logins_are_refused_with_a_time_to_wait(nobody: Caller) -> None:
    for _ in range(5):
        nobody("POST", "/api/auth/login", {"username": "admin", "password": "wrong"})
    answer = nobody("POST", "/api/auth/login", {"username": "admin", "password": "admin123"})
    assert (answer.status, answer.json["code"]) == (429, "TOO_MANY_ATTEMPTS")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_session_is_named_by_its_phone_number(world: World, ana: Caller) -> None:
    answer = ana("POST", "/api/sessions", GUIDE | {"webhook_url": "https://example.com/hook"})
    assert answer.status == 201
    data = answer.json["data"]
    assert data["id"] == data["session"]["id"] == data["phone"] == "6281234567890"
    assert data["session"]["webhook_url"] == "https://example.com/hook"
    assert (data["status"], data["connected"], data["logged_in"]) == ("CREATED", False, False)
    assert [s.desired for s in world.stores.sessions.rows.values()] == [Desired.STOPPED]


def test_a_phone_number_is_the_same_however_it_is_written(ana: Caller) -> None:
    assert ana("POST", "/api/sessions", {"phone": "+62 812-3456-7890"}).json["data"]["id"] == "6281234567890"


def test_a_session_without_a_number_gets_an_id(ana: Caller) -> None:
    data = ana("POST", "/api/sessions").json["data"]
    assert data["id"]
    assert data["phone"] is None


def test_a_second_create_carries_the_session_that_stands(ana: Caller) -> None:
    first = ana("POST", "/api/sessions", GUIDE).json["data"]["session"]
    again = ana("POST", "/api/sessions", GUIDE | {"name": "Another"})
    assert (again.status, again.json["code"], again.json["field"]) == (409, "SESSION_EXISTS", "phone")
    assert again.json["data"]["session"] == first


def test_a_create_while_the_old_one_is_deleted_says_when_to_try_again(world: World, ana: Caller) -> None:
    world.put(a_session(id="6281234567890", status=Status.DELETING))
    answer = ana("POST", "/api/sessions", GUIDE)
    assert (answer.status, answer.json["code"]) == (409, "SESSION_DELETING")
    assert int(answer.headers["Retry-After"]) > 0


def test_sessions_are_listed_page_by_page(world: World, ana: Caller) -> None:
    for number in range(3):
        world.put(a_session(id=f"s{number}", uid=f"u{number}"))
    first = ana("GET", "/api/sessions?limit=2").json["data"]
    assert [s["id"] for s in first["sessions"]] == ["s0", "s1"]
    second = ana("GET", f"/api/sessions?limit=2&after={first['next_cursor']}").json["data"]
    assert [s["id"] for s in second["sessions"]] == ["s2"]
    assert "next_cursor" not in second


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "limit=", "after=", "after=%00"])
def test_a_page_that_makes_no_sense_is_refused(ana: Caller, query: str) -> None:
    answer = ana("GET", f"/api/sessions?{query}")
    assert (answer.status, answer.json["field"]) == (400, query.partition("=")[0])


def test_a_linked_session_shows_the_number_that_scanned(world: World, ana: Caller) -> None:
    world.put(a_running_session(phone="491701234567", device=DEVICE, status=Status.CONNECTED))
    data = ana("GET", "/api/sessions/ana").json["data"]
    assert (data["phone"], data["actual_phone"]) == ("491701234567", "6281234567890")
    assert (data["connected"], data["logged_in"]) == (True, True)


def test_connect_then_login_start_a_session_once(world: World, ana: Caller) -> None:
    world.put(a_session())
    connected = ana("POST", "/api/sessions/ana/connect")
    assert (connected.status, connected.json["message"]) == (200, "Connection initiated")
    started = world.stores.sessions.find("default", "ana")
    assert ana("POST", "/api/sessions/ana/login", {}).json["message"] == "Login process initiated"
    assert world.stores.sessions.find("default", "ana") == started
    assert started
    assert (started.desired, started.generation) == (Desired.RUNNING, 1)


@pytest.mark.parametrize(("action", "desired"), [("disconnect", Desired.STOPPED), ("logout", Desired.UNLINKED)])
def test_disconnect_stops_and_logout_unlinks(world: World, ana: Caller, action: str, desired: Desired) -> None:
    world.put(a_running_session(device=DEVICE))
    answer = ana("POST", f"/api/sessions/ana/{action}")
    assert (answer.status, answer.json["success"]) == (200, True)
    stands = world.stores.sessions.find("default", "ana")
    assert stands
    assert stands.desired is desired


def test_a_delete_that_goes_on_is_accepted(world: World, ana: Caller) -> None:
    world.put(a_running_session())
    assert ana("DELETE", "/api/sessions/ana").status == 202


def test_a_delete_that_is_done_is_done(world: World, ana: Caller) -> None:
    world.put(a_session())
    world.while_waiting = world.stores.sessions.rows.clear
    answer = ana("DELETE", "/api/sessions/ana")
    assert (answer.status, answer.json["message"]) == (200, "Session deleted")
    assert ana("GET", "/api/sessions/ana").status == 404


def test_the_code_is_there_in_the_guides_shape_and_in_the_old_one(world: World, ana: Caller) -> None:
    code = a_code(expires_at=world.clock.now + 60_000)
    session = world.put(a_running_session(status=Status.STARTING))
    showing = replace(session, status=Status.SCAN_QR, qr=code)
    world.while_waiting = lambda: world.stores.sessions.rows.update({session.uid: showing})
    answer = ana("GET", "/api/sessions/ana/qr")
    assert answer.headers["Cache-Control"] == "no-store"
    data = answer.json["data"]
    assert (data["qr_code"], data["qr"], data["attempt"]) == (code.image, code.code, 1)
    assert 50 <= data["expires_in"] <= 60
