"""LetsBot's calls over HTTP: the key says which session is meant."""

from dataclasses import replace

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.session import Desired, Device, Session, Status
from tests.api.conftest import Caller, World
from tests.makers import DEVICE, a_code, a_running_session, a_session

QR, FIND, STATUS = "/api/v1/qr", "/api/v1/session/find", "/api/v1/session/status"
LOGOUT, SEND = "/api/v1/session/logout", "/api/v1/message/send"
BODY = {"phone": "+628987654321", "body": "Kopi at nine?"}
WITHOUT_PARAMETERS = [QR, FIND, STATUS, LOGOUT]


@pytest.fixture
def shop(world: World, nobody: Caller) -> Caller:
    """A program with a key for the session 'shop', of several that its tenant has."""
    world.put(a_session(id="bob", uid="bob"))
    world.put(a_session(id="cid", uid="cid"))
    return Caller(nobody.client, world.key(session="shop"))


def a_shop(world: World, **fields: object) -> Session:
    return world.put(a_running_session(id="shop", uid="shop", **fields))


def shows_codes(world: World) -> None:
    """While somebody waits, whatever is wanted running shows a code."""

    def look() -> None:
        for uid, session in world.stores.sessions.rows.items():
            if session.desired is Desired.RUNNING:
                shown = a_code(expires_at=world.clock.now + 60_000)
                world.stores.sessions.rows[uid] = replace(session, status=Status.SCAN_QR, qr=shown)

    world.while_waiting = look


@pytest.mark.parametrize("body", [None, b"", b"[]", b"{}", b'{"extra":1}', b"no JSON"])
@pytest.mark.parametrize("path", WITHOUT_PARAMETERS)
def test_a_call_without_parameters_takes_any_body(world: World, shop: Caller, path: str, body: bytes | None) -> None:
    a_shop(world, status=Status.SCAN_QR, qr=a_code(expires_at=world.clock.now + 60_000))
    assert shop("POST", path, body).status in {200, 202}


def test_the_code_of_a_session_that_is_not_there_makes_it(world: World, shop: Caller) -> None:
    shows_codes(world)
    answer = shop("POST", QR)
    assert answer.status == 200
    assert answer.json["success"] is True
    assert answer.json["message"] == "QR code generated successfully"
    assert answer.json["data"]["qrcode"] == "iVBORw0KGgo="
    assert world.stores.sessions.find("default", "shop") is not None
    assert shop("POST", QR).status == 200
    assert len(world.stores.sessions.rows) == 3


@pytest.mark.parametrize("status", [Status.STOPPED, Status.LOGGED_OUT, Status.FAILED])
def test_asking_for_the_code_starts_what_does_not_run(world: World, shop: Caller, status: Status) -> None:
    a_shop(world, status=status, observed_generation=1)
    shows_codes(world)
    assert shop("POST", QR).status == 200


def test_a_linked_session_has_no_code(world: World, shop: Caller) -> None:
    a_shop(world, device=DEVICE)
    answer = shop("POST", QR)
    assert (answer.status, answer.json["success"], answer.json["code"]) == (409, False, "ALREADY_CONNECTED")
    assert answer.json["message"] == answer.json["error"]


def test_a_code_that_does_not_come_in_time_is_worth_asking_for_again(shop: Caller) -> None:
    answer = shop("POST", QR)
    assert (answer.status, answer.json["code"]) == (503, "QR_NOT_READY")
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize("path", [FIND, STATUS, LOGOUT, SEND])
def test_a_session_that_is_not_there_is_not_made(world: World, shop: Caller, path: str) -> None:
    answer = shop("POST", path, BODY)
    assert (answer.status, answer.json["success"], answer.json["code"]) == (404, False, "SESSION_NOT_FOUND")
    assert len(world.stores.sessions.rows) == 2


def test_find_says_since_when_it_is_there(world: World, shop: Caller) -> None:
    a_shop(world)
    assert shop("POST", FIND).json == {
        "success": True,
        "message": "Session information retrieved successfully",
        "data": {
            "session_id": "shop",
            "status": "active",
            "created_at": "2027-01-15T08:00:00.000Z",
            "last_active": "2027-01-15T08:00:00.000Z",
        },
    }


@pytest.mark.parametrize(("method", "path"), [("POST", STATUS), ("GET", "/api/v1/instance/status")])
def test_the_status_of_a_linked_session_is_the_documents(world: World, shop: Caller, method: str, path: str) -> None:
    a_shop(world, device=Device("6281234567890:1@s.whatsapp.net", platform="android"))
    assert shop(method, path).json == {
        "success": True,
        "message": "Session is active",
        "data": {
            "status": "active",
            "connected": True,
            "phone": "+6281234567890",
            "platform": "android",
            "battery": None,
        },
    }


def test_what_whatsapp_does_not_tell_is_null(world: World, shop: Caller) -> None:
    a_shop(world, device=DEVICE)
    assert shop("POST", STATUS).json["data"]["platform"] is None
    a_shop(world, device=DEVICE, status=Status.LOGGED_OUT, reason="unlinked_from_phone")
    answer = shop("POST", STATUS).json
    assert answer["message"] == "Session is inactive"
    assert answer["data"] == {
        "status": "inactive",
        "connected": False,
        "phone": None,
        "platform": None,
        "battery": None,
        "reason": "unlinked_from_phone",
    }


def test_a_logout_says_when(world: World, shop: Caller) -> None:
    a_shop(world, device=DEVICE)

    def unlink() -> None:
        session = world.stores.sessions.rows["shop"]
        world.put(replace(session, status=Status.LOGGED_OUT, observed_generation=session.generation))

    world.while_waiting = unlink
    answer = shop("POST", LOGOUT)
    assert answer.json == {
        "success": True,
        "message": "Successfully logged out",
        "data": {"timestamp": "2027-01-15T08:00:00.000Z"},
    }
    assert world.stores.sessions.rows["shop"].desired is Desired.UNLINKED


def test_a_logout_that_takes_longer_is_accepted(world: World, shop: Caller) -> None:
    a_shop(world, device=DEVICE)
    answer = shop("POST", LOGOUT)
    assert (answer.status, answer.json["message"]) == (202, "The session is being logged out")


def a_worker_does(world: World, fail: str | None = None) -> None:
    def look() -> None:
        for owed in world.dispatch.owed("shop"):
            begun = world.dispatch.begin(owed, epoch=1)
            assert begun
            if fail:
                world.dispatch.failed(begun, fail, "WhatsApp says no.")
            else:
                world.dispatch.sent(begun, "3EB0C431C26A1916E07A")

    world.while_waiting = look


def test_a_message_is_sent_by_the_key_s_session(world: World, shop: Caller) -> None:
    a_shop(world, device=DEVICE)
    a_worker_does(world)
    answer = shop("POST", SEND, BODY, Idempotency_Key="k")
    assert (answer.status, answer.json["success"]) == (200, True)
    data = answer.json["data"]
    assert (data["message_id"], data["status"], data["phone"]) == ("3EB0C431C26A1916E07A", "sent", "+628987654321")
    assert shop("GET", answer.headers["Location"]).json["data"]["message"] == BODY["body"]
    assert shop("POST", SEND, BODY, Idempotency_Key="k").json == answer.json
    assert len(world.stores.messages.rows) == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"phone": "12"}, "phone"), ({"phone": None}, "phone"), ({"body": " "}, "body"), ({"body": ""}, "body")],
)
def test_a_bad_field_is_named_as_the_caller_knows_it(
    world: World, shop: Caller, changed: dict[str, str | None], field: str
) -> None:
    a_shop(world, device=DEVICE)
    answer = shop("POST", SEND, BODY | changed)
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", field)
    assert world.stores.messages.rows == {}


def test_a_recipient_without_an_account_is_the_phone_s_fault(world: World, shop: Caller) -> None:
    a_shop(world, device=DEVICE)
    a_worker_does(world, fail="not_on_whatsapp")
    answer = shop("POST", SEND, BODY)
    assert (answer.status, answer.json["code"], answer.json["field"]) == (422, "NOT_ON_WHATSAPP", "phone")
    assert answer.json["data"]["status"] == "failed"


def test_a_send_that_can_not_be_says_what_it_needs(world: World, shop: Caller) -> None:
    a_shop(world, status=Status.SCAN_QR)
    answer = shop("POST", SEND, BODY)
    assert (answer.status, answer.json["session_disconnected"], answer.json["needs_qr"]) == (409, True, True)


def test_without_a_bound_key_the_only_session_is_meant_and_several_are_unclear(world: World, ana: Caller) -> None:
    assert ana("POST", FIND).status == 404
    a_shop(world)
    assert ana("POST", FIND).json["data"]["session_id"] == "shop"
    world.put(a_session(id="bob", uid="bob"))
    for path in WITHOUT_PARAMETERS:
        answer = ana("POST", path)
        assert (answer.status, answer.json["code"]) == (409, "SESSION_AMBIGUOUS")
        assert "API key" in answer.json["hint"]


def test_a_reader_makes_and_unlinks_nothing(world: World, nobody: Caller) -> None:
    reader = Caller(nobody.client, world.token(role=Role.READ_ONLY))
    a_shop(world)
    assert reader("POST", STATUS).status == 200
    assert {reader("POST", path, BODY).status for path in (QR, LOGOUT, SEND)} == {403}
