"""Bad bodies: the right status, a stable code, a sentence, and nothing changed."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.api.received import LIMIT
from tests.api.conftest import Caller, World

BOTH = pytest.mark.parametrize("path", ["/api/sessions", "/sessions"])


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'name': 'x'}",
        b'{"name": NaN}',
        b'{"name": "x"} trailing',
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"x":' + b"[" * 100_000,
        b"name=x&phone=6281234567890",
        b"\xff\xfe{\x00}\x00",
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
def test_what_is_not_json_is_refused(world: World, ana: Caller, path: str, body: bytes, content_type: str) -> None:
    answer = ana("POST", path, body, Content_Type=content_type)
    assert (answer.status, answer.json["code"], answer.json["error"]) == (
        400,
        "INVALID_REQUEST",
        "The body is not JSON.",
    )
    assert not world.stores.sessions.rows


@BOTH
@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true", b"[{}]"])
def test_what_is_not_an_object_is_refused(world: World, ana: Caller, path: str, body: bytes) -> None:
    answer = ana("POST", path, body)
    assert (answer.status, answer.json["error"]) == (400, "The body must be a JSON object.")
    assert not world.stores.sessions.rows


@BOTH
def test_a_body_over_the_limit_is_refused(world: World, ana: Caller, path: str) -> None:
    answer = ana("POST", path, b'{"name": "' + b"x" * LIMIT + b'"}')
    assert (answer.status, answer.json["code"]) == (413, "BODY_TOO_LARGE")
    assert not world.stores.sessions.rows


@BOTH
@pytest.mark.parametrize(
    ("common", "value", "sentence"),
    [
        ("phone", 62812345678.5, "must be text, not a number."),
        ("phone", 1e300, "is too long: 100 characters at most."),
        ("phone", -6281234567890, "is not a phone number."),
        ("phone", True, "must be text, not true or false."),
        ("phone", {"a": 1}, "must be text, not an object."),
        ("phone", "", "is empty."),
        ("phone", "1234", "is too short: 5 digits at least."),
        ("phone", "0812345678", "begins with 0, as numbers do that are dialled within a country."),
        ("phone", "6281234567890123456", "is too long: 15 digits at most."),
        ("phone", "1-800-FLOWERS", "is not a phone number: it has letters in it."),
        ("phone", "+62\u0000812345678", "is not a phone number: it has U+0000 (a control character) in it."),
        ("phone", "٦٢٨١٢٣٤٥٦٧٨٩٠", "is not a phone number: it has U+0666 (ARABIC-INDIC DIGIT SIX) in it."),
        ("phone", "200000000000001@lid", "must be a phone number, and a JID that ends in @lid doesn't tell it."),
        ("phone", "120363041234567890@g.us", "must be a phone number, or a JID that ends in @s.whatsapp.net."),
        ("phone", "x" * 101, "is too long: 100 characters at most."),
        ("name", ["x"], "must be text, not a list."),
        ("name", "a\u0000b", "has control characters in it."),
        ("name", "a\nb", "has control characters in it."),
        ("name", "x" * 101, "is too long: 100 characters at most."),
        ("webhook", 1.5, "must be text, not a number."),
        ("webhook", "example.com", "must be an absolute http or https address."),
        ("webhook", "ftp://example.com/", "must be an absolute http or https address."),
        ("webhook", "https://", "must be an absolute http or https address."),
        ("webhook", "https://exa mple.com/", "must be an absolute http or https address."),
        ("webhook", "https://[::1", "must be an absolute http or https address."),
        ("webhook", "https://a:99999/", "must be an absolute http or https address."),
        ("webhook", "javascript:alert(1)", "must be an absolute http or https address."),
        ("webhook", "https://e.example/\r\nX: 1", "has control characters in it."),
        ("webhook", "https://e.example/" + "x" * 2048, "is too long: 2048 characters at most."),
    ],
)
def test_a_bad_field_is_named_in_a_sentence(
    *, world: World, ana: Caller, path: str, common: str, value: Any, sentence: str
) -> None:
    enveloped = {"phone": "phone", "name": "name", "webhook": "webhook_url"}
    bare = {"phone": "phoneNumber", "name": "name", "webhook": "webhookUrl"}
    field = (enveloped if path.startswith("/api") else bare)[common]
    answer = ana("POST", path, {field: value})
    # What isn't even a text that may be a number is judged before it is read as one.
    as_number = field == "phoneNumber" and not sentence.startswith(("must be text", "is too long: 100"))
    code = "INVALID_PHONE" if as_number else "INVALID_FIELD"
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, code, field)
    assert answer.json["error"] == f"'{field}' {sentence}"
    assert not world.stores.sessions.rows


@pytest.mark.parametrize("name", ["-a", ".", "_a", "a b", "a/b", "ä", "a" * 65, "a\n", "%41"])
def test_an_id_that_no_session_may_have_is_refused(world: World, ana: Caller, name: str) -> None:
    answer = ana("POST", "/sessions", {"sessionId": name})
    assert (answer.status, answer.json["field"]) == (400, "sessionId")
    assert not world.stores.sessions.rows


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "'username' is missing."),
        ({"username": "admin"}, "'password' is missing."),
        ({"username": "", "password": "x"}, "'username' is empty."),
        ({"username": "admin", "password": None}, "'password' must be text, not null."),
        ({"username": "a\u0000", "password": "x"}, "'username' has control characters in it."),
        ({"username": "admin", "password": "x" * 1025}, "'password' is too long: 1024 characters at most."),
    ],
)
def test_a_login_says_what_is_wrong_with_it(nobody: Caller, body: dict[str, Any], sentence: str) -> None:
    answer = nobody("POST", "/api/auth/login", body)
    assert (answer.status, answer.json["error"]) == (400, sentence)


@pytest.mark.parametrize(
    ("path", "body", "field", "sentence"),
    [
        ("/api/auth/api-key", {"expires_in_days": 1.5}, "expires_in_days", "must be a whole number"),
        ("/api/auth/api-key", {"expires_in_days": 1e99}, "expires_in_days", "must be a whole number"),
        ("/api/auth/api-key", {"session_id": 5.5}, "session_id", "must be text, not a number"),
        (
            "/api/auth/register",
            {"username": "bo", "password": "long enough", "role": "god"},
            "role",
            "must be one of admin, member, read_only, user",
        ),
        (
            "/sessions/ana/webhook",
            {"events": ["status", "x"]},
            "events[1]",
            "must be one of message, status, connection",
        ),
        ("/sessions/ana/webhook", {"events": ["status"] * 21}, "events", "is too long: 20 entries at most"),
        ("/sessions/ana/webhook", {"events": []}, "events", "is empty"),
    ],
)
def test_what_would_be_right_is_said(ana: Caller, path: str, body: dict[str, Any], field: str, sentence: str) -> None:
    answer = ana("POST", path, body)
    assert (answer.status, answer.json["field"], answer.json["error"]) == (400, field, f"'{field}' {sentence}.")


def test_curls_default_content_type_is_no_obstacle(nobody: Caller) -> None:
    body = {"username": "admin", "password": "admin123"}
    answer = nobody("POST", "/api/auth/login", body, Content_Type="application/x-www-form-urlencoded")
    assert answer.status == 200


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}", b'{"phone": null, "name": null, "enabled": null}'])
def test_nothing_at_all_is_an_empty_object(ana: Caller, body: bytes) -> None:
    assert ana("POST", "/api/sessions", body).status == 201


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=64) | st.text(max_size=64).map(lambda text: f'{{"name": "{text}", "x": {text}}}'.encode()))
def test_no_body_at_all_brings_a_door_down(ana: Caller, body: bytes) -> None:
    assert ana("POST", "/api/sessions", body).status in {201, 400}
