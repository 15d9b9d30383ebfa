"""The companies' calls over HTTP: what their pages show, and what they send."""

import re
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.messages import MOST_RECIPIENTS
from chalicelib.domain.session import Desired, Reason, Session, Status
from tests.api.conftest import Caller, Reply, World
from tests.makers import DEVICE, a_code, a_running_session, a_session

AT = "/whatsapp/companies/default"
STATUS, QRCODE, TEST = f"{AT}/session-status", f"{AT}/qrcode", f"{AT}/test-connection"
SEND, BULK = f"{AT}/send-message", f"{AT}/bulk"
LETTER = {"to": "+628987654321", "message": "Kopi?"}
LETTERS = {"recipients": ["+628987654321", "+628987654322"], "message": "Kopi?"}
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", STATUS, None),
    ("GET", QRCODE, None),
    ("POST", TEST, None),
    ("POST", SEND, LETTER),
    ("POST", BULK, LETTERS),
]


def scanning(world: World) -> Session:
    return a_running_session(status=Status.SCAN_QR, qr=a_code(expires_at=world.clock.now + 60_000))


def a_worker_sends(world: World, then: Any = lambda: None) -> None:
    def look() -> None:
        for owed in world.dispatch.owed(a_running_session().uid):
            begun = world.dispatch.begin(owed, epoch=1)
            assert begun
            world.dispatch.sent(begun, "3EB0C431C26A1916E07A")
        then()

    world.while_waiting = look


def shows_codes(world: World) -> None:
    def look() -> None:
        for uid, session in world.stores.sessions.rows.items():
            if session.desired is Desired.RUNNING:
                shown = a_code(expires_at=world.clock.now + 60_000)
                world.stores.sessions.rows[uid] = replace(session, status=Status.SCAN_QR, qr=shown)

    world.while_waiting = look


def data(answer: Reply) -> Any:
    assert (answer.status, answer.json["success"]) == (200, True)
    return answer.json["data"]


def test_the_status_has_the_documents_shape(world: World, ana: Caller) -> None:
    world.put(scanning(world))
    told = ana("GET", STATUS).json
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", told["data"].pop("checked_at"))
    assert told == {
        "success": True,
        "data": {
            "status": "DISCONNECTED",
            "needs_qr": True,
            "qr_code": "2@ref,noise,identity,secret,1",
            "qr_error": None,
        },
    }


def test_a_connected_session_needs_nothing(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    told = data(ana("GET", STATUS))
    assert (told["status"], told["needs_qr"], told["qr_code"], told["qr_error"]) == ("CONNECTED", False, None, None)
    assert ana("POST", TEST).json == {
        "success": True,
        "status": "CONNECTED",
        "message": "WhatsApp session is connected.",
    }


def test_the_code_alone_has_the_documents_shape(world: World, ana: Caller) -> None:
    world.put(scanning(world))
    assert ana("GET", QRCODE).json == {
        "success": True,
        "qr_code": "2@ref,noise,identity,secret,1",
        "status": "DISCONNECTED",
    }


def test_a_company_without_a_session_gets_one_by_asking_for_its_code(world: World, ana: Caller) -> None:
    told = data(ana("GET", STATUS))
    assert (told["status"], told["needs_qr"]) == ("NOT_CONFIGURED", True)
    assert "QR code" in told["qr_error"]
    assert world.stores.sessions.rows == {}
    shows_codes(world)
    assert ana("GET", QRCODE).json["success"]
    assert [s.id for s in world.stores.sessions.rows.values()] == ["default"]
    assert data(ana("GET", STATUS))["qr_code"]


def test_a_page_that_only_looks_gets_its_code(world: World, ana: Caller) -> None:
    world.put(a_session())
    told = data(ana("GET", STATUS))
    assert (told["needs_qr"], told["qr_error"]) == (True, None)
    assert world.stores.sessions.rows[a_session().uid].desired is Desired.RUNNING


def test_a_reader_s_look_starts_nothing(world: World, nobody: Caller) -> None:
    reader = Caller(nobody.client, world.token(role=Role.READ_ONLY))
    assert reader("GET", QRCODE).status == 403
    before = world.put(a_session())
    assert "isn't running" in data(reader("GET", STATUS))["qr_error"]
    refused = reader("GET", QRCODE)
    assert (refused.status, refused.json["code"]) == (403, "FORBIDDEN")
    assert (refused.json["success"], refused.json["status_code"]) == (False, 403)
    assert list(world.stores.sessions.rows.values()) == [before]


def test_what_nobody_scanned_says_so_and_is_shown_when_asked_for(world: World, ana: Caller) -> None:
    timeout = {"reason": Reason.QR_TIMEOUT, "message": "Nobody scanned a code in time."}
    world.put(a_running_session(status=Status.STOPPED, observed_generation=1, since=world.clock.now, **timeout))
    assert data(ana("GET", STATUS))["qr_error"] == "Nobody scanned a code in time."
    shows_codes(world)
    assert ana("GET", QRCODE).status == 200


@pytest.mark.parametrize("status", [Status.FAILED, Status.PASSKEY_REQUIRED])
def test_a_session_that_failed_says_why(world: World, ana: Caller, status: Status) -> None:
    world.put(a_running_session(status=status, observed_generation=1, message="Banned."))
    told = data(ana("GET", STATUS))
    assert (told["status"], told["needs_qr"], told["qr_error"]) == ("UNKNOWN", False, "Banned.")
    refused = ana("GET", QRCODE)
    assert (refused.status, refused.json["status"], refused.json["error"]) == (409, "UNKNOWN", "Banned.")


def test_a_linked_session_has_no_code(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    refused = ana("GET", QRCODE)
    assert (refused.status, refused.json["status_code"], refused.json["status"]) == (409, 409, "CONNECTED")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_another_company_is_not_there(world: World, nobody: Caller, method: str, path: str, body: Any) -> None:
    world.put(a_running_session())
    for company in ("default", "nowhere"):
        stranger = Caller(nobody.client, world.token(tenant="acme"))
        answer = stranger(method, path.replace("default", company), body)
        assert (answer.status, answer.json["code"], answer.json["field"]) == (404, "TENANT_NOT_FOUND", "company")
    assert [s.tenant for s in world.stores.sessions.rows.values()] == ["default"]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_the_session_is_the_one_named(world: World, nobody: Caller, method: str, path: str, body: Any) -> None:
    ana = Caller(nobody.client, world.token())
    for name in ("ana", "bob"):
        world.put(a_running_session(id=name, uid=name))
    assert ana(method, path, body).json["code"] == "SESSION_AMBIGUOUS"
    for name in ("cid", "-", "a" * 65):
        answer = ana(method, f"{path}?session={name}", body)
        assert (answer.status, answer.json["field"]) == (404, "session")
    bound = Caller(nobody.client, world.key(session="ana"))
    assert bound(method, f"{path}?session=bob", body).status == 404
    for caller, query in ((ana, "?session=bob"), (bound, ""), (bound, "?session=ana")):
        assert caller(method, path + query, body).json.get("code") not in {"SESSION_AMBIGUOUS", "SESSION_NOT_FOUND"}


@pytest.mark.parametrize(
    "body", [LETTER, {"phone": LETTER["to"], "text": "Kopi?"}, {"to": "628987654321", "message": "Kopi?", "x": 1}]
)
def test_a_message_is_sent_in_either_family_s_names(world: World, ana: Caller, body: Any) -> None:
    world.put(a_running_session(device=DEVICE))
    a_worker_sends(world)
    answer = ana("POST", SEND, body)
    told = data(answer)
    assert (told["message_id"], told["status"], told["to"]) == ("3EB0C431C26A1916E07A", "sent", "+628987654321")
    assert ana("GET", answer.headers["Location"]).json["data"]["message"] == "Kopi?"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (SEND, {"message": "Kopi?"}, "to"),
        (SEND, {"to": "12", "message": "Kopi?"}, "to"),
        (SEND, {"to": LETTER["to"]}, "message"),
        (SEND, {"to": LETTER["to"], "message": " "}, "message"),
        (BULK, {"message": "Kopi?"}, "recipients"),
        (BULK, {"recipients": [], "message": "Kopi?"}, "recipients"),
        (BULK, {"recipients": ["628987654321"] * (MOST_RECIPIENTS + 1), "message": "Kopi?"}, "recipients"),
        (BULK, {"numbers": "628987654321", "message": "Kopi?"}, "numbers"),
        (BULK, {"recipients": ["628987654321"]}, "message"),
    ],
)
def test_a_bad_field_is_named_and_nothing_sent(world: World, ana: Caller, path: str, body: Any, field: str) -> None:
    world.put(a_running_session(device=DEVICE))
    answer = ana("POST", path, body)
    assert (answer.status, answer.json["status_code"], answer.json["field"]) == (400, 400, field)
    assert world.stores.messages.rows == {}


def test_a_send_that_can_not_be_brings_the_code(world: World, ana: Caller) -> None:
    world.put(scanning(world))
    answer = ana("POST", SEND, LETTER)
    assert (answer.status, answer.json["status_code"], answer.json["success"]) == (409, 409, False)
    assert (answer.json["session_disconnected"], answer.json["needs_qr"]) == (True, True)
    assert answer.json["qr_code"] == "2@ref,noise,identity,secret,1"


def test_a_bulk_says_what_came_of_everybody(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    a_worker_sends(world)
    told = ana("POST", BULK, {"numbers": ["+628987654321", "12"], "text": "Kopi?"}).json
    assert (told["success"], told["total"], told["success_count"], told["failure_count"]) == (True, 2, 1, 1)
    assert (told["message"], told["remaining"]) == ("1 of 2 messages sent", [])
    assert [(r["to"], r["success"], r.get("code")) for r in told["results"]] == [
        ("+628987654321", True, None),
        ("12", False, "INVALID_FIELD"),
    ]


def test_a_bulk_of_which_nothing_was_sent_is_no_success(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    told = ana("POST", BULK, {"numbers": ["12", "nobody"], "text": "Kopi?"}).json
    assert (told["success"], told["total"], told["success_count"], told["failure_count"]) == (False, 2, 0, 2)
    assert (told["code"], told["status_code"]) == ("INVALID_FIELD", 400)
    assert told["error"] == told["results"][0]["error"]
    assert "message" not in told


def test_a_bulk_stops_where_the_session_is_disconnected(world: World, ana: Caller) -> None:
    session = world.put(a_running_session(device=DEVICE))
    a_worker_sends(world, lambda: world.put(replace(session, status=Status.DISCONNECTED)) and None)
    stopped = ana("POST", BULK, LETTERS)
    assert (stopped.status, stopped.json["success"], stopped.json["session_disconnected"]) == (200, False, True)
    assert stopped.json["error"] == "WhatsApp session is disconnected."
    assert {name: stopped.json[name] for name in ("total", "success_count", "failure_count", "remaining")} == {
        "total": 2,
        "success_count": 1,
        "failure_count": 0,
        "remaining": ["+628987654322"],
    }
    again = ana("POST", BULK, LETTERS)
    assert (again.status, again.json["success"], again.json["session_disconnected"]) == (409, False, True)
    assert again.json["error"] == "WhatsApp session is disconnected."
    assert (again.json["total"], again.json["success_count"], again.json["failure_count"]) == (2, 0, 0)
    assert again.json["remaining"] == LETTERS["recipients"]
    assert len(world.stores.messages.rows) == 1


def test_a_bulk_again_with_its_key_sends_nothing_twice(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    a_worker_sends(world)
    first = ana("POST", BULK, LETTERS, Idempotency_Key="k")
    assert ana("POST", BULK, LETTERS, Idempotency_Key="k").json == first.json
    assert ana("POST", BULK, LETTERS | {"message": "Tea?"}, Idempotency_Key="k").status == 422
    assert len(world.stores.messages.rows) == 2
