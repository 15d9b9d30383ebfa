"""Bodies as workflow tools, spreadsheets and browsers send them: forms, numbers where text is meant, a mark in front."""

import uuid
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.api import received as forms
from tests.api.conftest import Caller, World
from tests.makers import a_session

NUMBER = "6281234567890"


def multipart(*fields: tuple[str, str], file: str | None = None) -> tuple[bytes, str]:
    """A multipart body and its content type."""
    boundary = uuid.uuid4().hex
    lines = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields]
    if file:
        kind = f'form-data; name="{file}"; filename="a.png"\r\nContent-Type: image/png'
        lines.append(f"--{boundary}\r\nContent-Disposition: {kind}\r\n\r\nPNG")
    return "\r\n".join([*lines, f"--{boundary}--\r\n"]).encode(), f"multipart/form-data; boundary={boundary}"


def urlencoded(*fields: tuple[str, str]) -> tuple[bytes, str]:
    """The same as a browser's plain form."""
    return urlencode(fields).encode(), "application/x-www-form-urlencoded; charset=UTF-8"


KINDS = pytest.mark.parametrize("form", [multipart, urlencoded])


@KINDS
def test_a_form_creates_a_session_as_json_does(world: World, ana: Caller, form: Any) -> None:
    body, kind = form(("phone", f"+{NUMBER}"), ("name", "Käthes Läden"), ("enabled", "false"))
    made = ana("POST", "/api/sessions", body, Content_Type=kind)
    assert made.status == 201
    session = made.json["data"]["session"]
    assert (session["id"], session["name"], session["enabled"]) == (NUMBER, "Käthes Läden", False)


@KINDS
def test_a_form_logs_in(nobody: Caller, form: Any) -> None:
    body, kind = form(("username", "admin"), ("password", "admin123"))
    assert nobody("POST", "/api/auth/login", body, Content_Type=kind).status == 200


@KINDS
def test_what_a_form_leaves_empty_is_absent_unless_it_is_text(world: World, ana: Caller, form: Any) -> None:
    world.put(a_session())
    body, kind = form(("expires_in_days", ""), ("session_id", "ana"))
    assert ana("POST", "/api/auth/api-key", body, Content_Type=kind).status == 201
    body, kind = form(("username", ""), ("password", "x"))
    assert ana("POST", "/api/auth/login", body, Content_Type=kind).json["error"] == "'username' is empty."


@KINDS
@pytest.mark.parametrize("name", ["events", "events[]"])
def test_a_name_that_comes_twice_is_a_list(world: World, ana: Caller, form: Any, name: str) -> None:
    world.put(a_session())
    body, kind = form(("webhookUrl", "https://example.com/hook"), (name, "message"), (name, "status"))
    assert ana("POST", "/sessions/ana/webhook", body, Content_Type=kind).json["events"] == ["message", "status"]


@KINDS
@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ([("name", "x" * 101)], "name", "is too long: 100 characters at most"),
        ([("enabled", "perhaps")], "enabled", "must be true or false, not text"),
        ([("phone", "12")], "phone", "is too short: 5 digits at least"),
        ([("name", "a\u0000b")], "name", "has control characters in it"),
    ],
)
def test_a_bad_field_of_a_form_is_named(
    *, world: World, ana: Caller, form: Any, fields: Any, field: str, sentence: str
) -> None:
    body, kind = form(*fields)
    answer = ana("POST", "/api/sessions", body, Content_Type=kind)
    assert (answer.status, answer.json["field"], answer.json["error"]) == (400, field, f"'{field}' {sentence}.")
    assert not world.stores.sessions.rows


@KINDS
@pytest.mark.parametrize("name", ["name", "name[]"])
def test_a_name_that_comes_twice_where_one_is_taken_is_refused(world: World, ana: Caller, form: Any, name: str) -> None:
    body, kind = form(("name", "one"), (name, "two"), ("extra", "1"), ("extra", "2"))
    answer = ana("POST", "/api/sessions", body, Content_Type=kind)
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", "name")
    assert not world.stores.sessions.rows


def test_a_file_is_refused_by_name(world: World, ana: Caller) -> None:
    body, kind = multipart(("name", "x"), file="picture")
    answer = ana("POST", "/api/sessions", body, Content_Type=kind)
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", "picture")
    assert not world.stores.sessions.rows


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"name", "application/x-www-form-urlencoded"),
        (b"name=%FF", "application/x-www-form-urlencoded"),
        (b"\xff=1", "application/x-www-form-urlencoded"),
        (b"a=1&" * (forms.MOST_FIELDS + 1) + b"a=1", "application/x-www-form-urlencoded"),
        (b"name=x", "multipart/form-data"),
        (b"name=x", "multipart/form-data; boundary=b"),
        (b"--b\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        (b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx', "multipart/form-data; boundary=b"),
        (b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xff\r\n--b--\r\n', "multipart/form-data; boundary=b"),
        (b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 1000 + b"--b--\r\n", "multipart/form-data; boundary=b"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(world: World, ana: Caller, body: bytes, kind: str) -> None:
    answer = ana("POST", "/api/sessions", body, Content_Type=kind)
    assert (answer.status, answer.json["code"]) == (400, "INVALID_REQUEST")
    assert not world.stores.sessions.rows


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "text/plain"])
def test_the_mark_of_a_windows_text_file_is_passed_over(ana: Caller, kind: str) -> None:
    body = b'\xef\xbb\xbf{"phone":"' + NUMBER.encode() + b'"}'
    assert ana("POST", "/api/sessions", body, Content_Type=kind).json["data"]["id"] == NUMBER


def test_it_is_passed_over_before_a_form_too(ana: Caller) -> None:
    body = b"\xef\xbb\xbfphone=" + NUMBER.encode()
    made = ana("POST", "/api/sessions", body, Content_Type="application/x-www-form-urlencoded")
    assert made.json["data"]["id"] == NUMBER


@pytest.mark.parametrize("written", [int(NUMBER), float(NUMBER)])
def test_a_phone_number_may_be_a_json_number(world: World, ana: Caller, written: float) -> None:
    assert ana("POST", "/api/sessions", {"phone": written}).json["data"]["id"] == NUMBER
    made = ana("POST", "/sessions", {"sessionId": int(NUMBER) + 1, "phoneNumber": written})
    assert (made.status, made.json["sessionId"]) == (201, str(int(NUMBER) + 1))
    assert ana("POST", "/api/auth/api-key", {"session_id": written}).json["data"]["session_id"] == NUMBER


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/sessions/ana/send", {"to": 628987654321, "message": "x"}),
        ("/sessions/ana/send-message", {"to": 628987654321, "message": "x"}),
        ("/api/sessions/ana/send-message", {"to": 628987654321, "message": "x"}),
        ("/api/sessions/ana/check-number", {"number": 628987654321}),
        ("/api/send", {"session_id": "ana", "to": 628987654321, "message": "x"}),
        ("/api/v1/message/send", {"phone": 628987654321, "body": "x"}),
        ("/whatsapp/companies/default/send-message", {"to": 628987654321, "message": "x"}),
        ("/whatsapp/companies/default/send-message", {"phone": 628987654321, "text": "x"}),
        ("/whatsapp/companies/default/bulk", {"numbers": [628987654321], "text": "x"}),
    ],
)
def test_it_may_be_one_wherever_a_number_is_sent(world: World, ana: Caller, path: str, body: dict[str, Any]) -> None:
    world.put(a_session())
    # All is well with the request: what stops it is that nobody is connected.
    assert ana("POST", path, body).json["code"] == "SESSION_NOT_CONNECTED"


def test_text_stays_text(world: World, ana: Caller) -> None:
    world.put(a_session())
    answer = ana("POST", "/api/sessions/ana/send", {"to": "628987654321", "message": 12345})
    assert answer.json["error"] == "'message' must be text, not a number."


@pytest.mark.parametrize(
    ("path", "body", "said", "known"),
    [
        ("/api/sessions", {"phoneNumber": NUMBER}, "phoneNumber", "phone"),
        ("/api/sessions", {"phone_number": NUMBER}, "phone_number", "phone"),
        ("/api/sessions", {"sessionId": NUMBER}, "sessionId", "phone"),
        ("/api/sessions", {"phone": NUMBER, "webhook": "https://example.com/"}, "webhook", "webhook_url"),
        ("/api/sessions", {"phone": NUMBER, "webhookUrl": "https://example.com/"}, "webhookUrl", "webhook_url"),
        ("/sessions", {"session_id": "a"}, "session_id", "sessionId"),
        ("/sessions", {"id": "a"}, "id", "sessionId"),
        ("/api/sessions", {"id": "shop"}, "id", "phone"),
        ("/api/sessions", {"instanceName": "shop"}, "instanceName", "phone"),
        ("/api/sessions", {"phone_no": NUMBER}, "phone_no", "phone"),
        # What was dropped here gave more than was asked for: a ticket for all sessions, a key without an end.
        ("/api/ws-ticket", {"id": "ana"}, "id", "session_id"),
        ("/api/auth/api-key", {"expires": 7}, "expires", "expires_in_days"),
        ("/api/auth/api-key", {"ttl": 7}, "ttl", "expires_in_days"),
        ("/api/auth/register", {"username": "x", "password": "password", "is_admin": True}, "is_admin", "role"),
        ("/sessions", {"phone": NUMBER}, "phone", "phoneNumber"),
        ("/api/auth/login", {"email": "admin", "password": "x"}, "email", "username"),
        ("/api/sessions/ana/send", {"phone": NUMBER, "message": "x"}, "phone", "to"),
        ("/api/sessions/ana/send", {"to": NUMBER, "text": "x"}, "text", "message"),
        ("/api/sessions/ana/send", {"to": NUMBER, "mesage": "x"}, "mesage", "message"),
        ("/api/v1/message/send", {"phone": NUMBER, "message": "x"}, "message", "body"),
        ("/api/sessions/ana/check-number", {"phone": NUMBER}, "phone", "number"),
        ("/whatsapp/companies/default/bulk", {"recipient": [NUMBER], "text": "x"}, "recipient", "recipients"),
    ],
)
def test_a_field_that_looks_like_a_known_one_is_refused_by_name(
    *, world: World, ana: Caller, path: str, body: dict[str, Any], said: str, known: str
) -> None:
    session = world.put(a_session())
    answer = ana("POST", path, body)
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", said)
    assert answer.json["error"] == f"'{said}' is no field here. Did you mean '{known}'?"
    assert list(world.stores.sessions.rows.values()) == [session]


def test_so_it_is_in_a_form(world: World, ana: Caller) -> None:
    body, kind = urlencoded(("phoneNumber", NUMBER))
    assert ana("POST", "/api/sessions", body, Content_Type=kind).json["field"] == "phoneNumber"


@pytest.mark.parametrize(
    "extra",
    [
        {"position": 1, "session_limit": 5, "auto_reply_text": "x", "proxy": None},
        {"phoneNumber": "of the client's own", "sessionId": "x"},
        {"x" * 5000: 1},
        {f"phon{number}": 1 for number in range(3)},
    ],
)
def test_other_extras_are_nobody_s_business(ana: Caller, extra: dict[str, Any]) -> None:
    assert ana("POST", "/api/sessions", {"phone": NUMBER} | extra).status == 201


def test_a_flood_of_unknown_fields_costs_no_time(ana: Caller) -> None:
    body = {"phone": NUMBER} | {f"{number:036}": 1 for number in range(5000)}
    assert ana("POST", "/api/sessions", body).status == 201


def test_a_change_that_would_change_nothing_is_refused(world: World, ana: Caller) -> None:
    answer = ana("PATCH", "/api/admin/users/admin", {"is_active": False})
    assert (answer.status, answer.json["field"]) == (400, "is_active")
