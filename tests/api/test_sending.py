"""Sending over HTTP, in both dialects: what is answered, and what is refused with nothing stored."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.limits import Pace
from chalicelib.domain.messages import MAX_TEXT, MAX_TEXT_BYTES, MessageStatus
from chalicelib.domain.session import Desired, Reason, Status, sentence
from tests.api.conftest import Caller, World
from tests.fakes import MemoryPaces
from tests.makers import DEVICE, a_code, a_running_session

SEND, SEND_BARE = "/api/sessions/ana/send", "/sessions/ana/send-message"
BOTH = pytest.mark.parametrize("path", [SEND, SEND_BARE])
BODY = {"to": "628987654321", "message": "Kopi at nine?"}
WHATSAPP_ID = "3EB0C431C26A1916E07A"


@pytest.fixture
def connected(world: World) -> World:
    world.put(a_running_session(device=DEVICE))
    return world


def a_worker_does(world: World, work: Callable[[Any], Any]) -> None:
    """While somebody waits, all that is owed is begun, and ``work`` says what becomes of it."""

    def look() -> None:
        for owed in world.dispatch.owed(a_running_session().uid):
            work(world.dispatch.begin(owed, epoch=1))

    world.while_waiting = look


def a_worker_sends(world: World) -> None:
    a_worker_does(world, lambda message: world.dispatch.sent(message, WHATSAPP_ID))


def a_worker_fails(world: World, code: str) -> None:
    a_worker_does(world, lambda message: world.dispatch.failed(message, code, "WhatsApp says no."))


def test_an_acknowledged_send_answers_whatsapp_s_id(connected: World, ana: Caller) -> None:
    a_worker_sends(connected)
    answer = ana("POST", SEND, BODY)
    ((_, ours),) = connected.stores.messages.rows
    assert answer.status == 200
    assert answer.json["success"] is True
    assert answer.json["message"] == "Message sent"
    data = answer.json["data"]
    assert data["timestamp"].endswith("Z")
    assert {**data, "timestamp": ""} == {
        "message_id": WHATSAPP_ID,
        "id": ours,
        "status": "sent",
        "to": "628987654321",
        "timestamp": "",
        "session": "ana",
    }
    assert answer.headers["Location"] == f"/api/sessions/ana/messages/{ours}"
    assert ana("GET", answer.headers["Location"]).json["data"]["status"] == "sent"


def test_an_acknowledged_send_answers_it_in_the_bare_family_s_words(connected: World, ana: Caller) -> None:
    a_worker_sends(connected)
    answer = ana("POST", SEND_BARE, BODY)
    ((_, ours),) = connected.stores.messages.rows
    assert answer.status == 200
    assert set(answer.json) == {"success", "messageId", "id", "status", "timestamp"}
    assert (answer.json["success"], answer.json["messageId"], answer.json["id"]) == (True, WHATSAPP_ID, ours)
    assert ana("GET", answer.headers["Location"]).json["messageId"] == WHATSAPP_ID


@BOTH
def test_a_send_that_takes_longer_is_accepted(connected: World, ana: Caller, path: str) -> None:
    answer = ana("POST", path, BODY)
    assert answer.status == 202
    told = answer.json.get("data", answer.json)
    assert told["status"] == "queued"
    assert told["message_id" if path == SEND else "messageId"] is None
    assert [m.id for m in connected.stores.messages.open(a_running_session().uid, limit=5)] == [told["id"]]


@BOTH
def test_a_send_whose_worker_was_lost_is_unknown(connected: World, ana: Caller, path: str) -> None:
    a_worker_does(connected, lambda message: connected.dispatch.unknown(message, "worker_lost", "Lost."))
    answer = ana("POST", path, BODY)
    assert (answer.status, answer.json.get("data", answer.json)["status"]) == (202, "unknown")


def test_the_bare_family_sends_without_a_credential_where_that_is_allowed(connected: World, nobody: Caller) -> None:
    connected.allow_anonymous = True
    a_worker_sends(connected)
    assert nobody("POST", SEND_BARE, BODY).status == 200
    assert nobody("POST", SEND, BODY).status == 401


@BOTH
@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"to": None}, "to", "'to' must be text, not null."),
        ({"to": 628987654321.5}, "to", "'to' must be text, not a number."),
        ({"to": ["628987654321"]}, "to", "'to' must be text, not a list."),
        ({"to": ""}, "to", "'to' is empty."),
        ({"to": "\u200b"}, "to", "'to' is empty."),
        ({"to": "1234"}, "to", "'to' is too short: 5 digits at least."),
        (
            {"to": "6289\u00008765"},
            "to",
            "'to' is not a phone number: it has U+0000 (a control character) in it.",
        ),
        ({"to": "x" * 101}, "to", "'to' is too long: 100 characters at most."),
        *(
            (
                {"to": jid},
                "to",
                "'to' must be a person or a group: a phone number, or a JID that ends in @s.whatsapp.net or @g.us.",
            )
            for jid in ("x@g.us", "status@broadcast", "1@newsletter")
        ),
        ({"message": None}, "message", "'message' must be text, not null."),
        ({"message": 1}, "message", "'message' must be text, not a number."),
        ({"message": {"text": "x"}}, "message", "'message' must be text, not an object."),
        ({"message": ""}, "message", "'message' is empty."),
        *(
            ({"message": text}, "message", "'message' is empty.")
            for text in (" \n\t", "\u200b", "\u2066 \u2069", "\u00ad\ufeff", "\u3164", "\u2800", "\ufe0f")
        ),
        ({"message": "x" * (MAX_TEXT + 1)}, "message", f"'message' is too long: {MAX_TEXT} characters at most."),
        *(
            ({"message": f"a{character}b"}, "message", "'message' has control characters in it.")
            for character in "\0\x07\x0b\x1b\x7f\x85"
        ),
    ],
)
def test_a_bad_field_is_named_and_nothing_stored(
    *, connected: World, ana: Caller, path: str, changed: dict[str, Any], field: str, sentence: str
) -> None:
    answer = ana("POST", path, BODY | changed, Idempotency_Key="k")
    assert (answer.status, answer.json["field"]) == (400, field)
    bare = path.startswith("/sessions") and "to" in answer.json
    assert answer.json["code"] == ("INVALID_PHONE" if bare else "INVALID_FIELD")
    assert answer.json["error"] == sentence
    assert (connected.stores.messages.rows, connected.stores.idempotency.rows, connected.mailboxes.rung) == ({}, {}, [])


@BOTH
@pytest.mark.parametrize("missing", ["to", "message"])
def test_a_missing_field_is_named(connected: World, ana: Caller, path: str, missing: str) -> None:
    answer = ana("POST", path, {name: value for name, value in BODY.items() if name != missing})
    assert (answer.status, answer.json["error"]) == (400, f"'{missing}' is missing.")
    assert connected.stores.messages.rows == {}


def in_utf_8(message: str) -> bytes:
    """A body that spends no escape on what isn't ASCII."""
    return json.dumps(BODY | {"message": message}, ensure_ascii=False).encode()


@BOTH
def test_a_text_is_bounded_in_bytes_too(connected: World, ana: Caller, path: str) -> None:
    answer = ana("POST", path, in_utf_8("😀" * (MAX_TEXT_BYTES // 4 + 1)))
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", "message")
    assert answer.json["error"] == f"'message' is too long: {MAX_TEXT_BYTES} bytes in UTF-8 at most."
    assert connected.stores.messages.rows == {}


@BOTH
def test_a_text_of_the_most_bytes_is_sent(connected: World, ana: Caller, path: str) -> None:
    text = "😀" * (MAX_TEXT_BYTES // 4)
    assert ana("POST", path, in_utf_8(text)).status in {200, 202}
    (message,) = connected.stores.messages.rows.values()
    assert message.content.text == text


@BOTH
def test_a_body_over_the_limit_is_refused(connected: World, ana: Caller, path: str) -> None:
    answer = ana("POST", path, BODY | {"message": "x" * 300_000})
    assert (answer.status, answer.json["code"]) == (413, "BODY_TOO_LARGE")


@BOTH
@pytest.mark.parametrize(
    "text",
    ["a\nb\tc\r\nd", "x" * MAX_TEXT, " indented", "👩‍👩‍👧 שלום ﷽", "\u202eabc", "\u200b.", "'; DROP"],
)
def test_what_people_write_gets_through_unchanged(connected: World, ana: Caller, path: str, text: str) -> None:
    a_worker_sends(connected)
    answer = ana("POST", path, {"to": "+62 898-7654-321", "message": text})
    assert answer.status == 200
    shown = ana("GET", answer.headers["Location"]).json
    assert shown.get("data", shown)["message"] == text


@BOTH
@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(connected: World, ana: Caller, path: str, key: str) -> None:
    answer = ana("POST", path, BODY, Idempotency_Key=key)
    assert (answer.status, answer.json["field"]) == (400, "Idempotency-Key")
    assert connected.stores.messages.rows == {}


@BOTH
def test_a_replayed_request_is_answered_alike_and_sent_once(connected: World, ana: Caller, path: str) -> None:
    a_worker_sends(connected)
    key = "x" * 255
    first = ana("POST", path, BODY, Idempotency_Key=key)
    again = ana("POST", path, {**BODY, "to": "+62 898 7654 321"}, Idempotency_Key=key)
    assert (again.status, again.json) == (first.status, first.json)
    assert len(connected.stores.messages.rows) == 1


@BOTH
def test_a_replayed_key_with_another_body_is_refused(connected: World, ana: Caller, path: str) -> None:
    a_worker_sends(connected)
    ana("POST", path, BODY, Idempotency_Key="k")
    answer = ana("POST", path, BODY | {"message": "Tea?"}, Idempotency_Key="k")
    assert (answer.status, answer.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(connected.stores.messages.rows) == 1


@BOTH
def test_a_recipient_without_an_account_is_a_clear_refusal(connected: World, ana: Caller, path: str) -> None:
    a_worker_fails(connected, "not_on_whatsapp")
    answer = ana("POST", path, BODY)
    assert (answer.status, answer.json["code"], answer.json["field"]) == (422, "NOT_ON_WHATSAPP", "to")
    told = answer.json.get("data", answer.json)
    shown = ana("GET", f"{path.rpartition('/')[0]}/messages/{told['id']}").json
    assert shown.get("data", shown)["error"] == {"code": "not_on_whatsapp", "message": "WhatsApp says no."}


@BOTH
def test_whatsapp_s_other_refusals_are_not_the_caller_s(connected: World, ana: Caller, path: str) -> None:
    a_worker_fails(connected, "refused")
    answer = ana("POST", path, BODY)
    assert (answer.status, answer.json["code"], answer.json["error"]) == (502, "SEND_FAILED", "WhatsApp says no.")
    assert answer.json.get("data", answer.json)["status"] == "failed"


@BOTH
def test_over_the_pace_it_says_when(connected: World, ana: Caller, path: str) -> None:
    connected.stores.paces = MemoryPaces(Pace(burst=1, per_minute=6))
    a_worker_sends(connected)
    ana("POST", path, BODY)
    answer = ana("POST", path, BODY)
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (429, "TOO_FAST", "10")
    assert len(connected.stores.messages.rows) == 1


@pytest.mark.parametrize("needs_qr", [True, False])
@BOTH
def test_a_session_that_is_not_connected_says_what_it_needs(
    world: World, ana: Caller, path: str, *, needs_qr: bool
) -> None:
    world.put(a_running_session(status=Status.STARTING, device=None if needs_qr else DEVICE))
    answer = ana("POST", path, BODY)
    assert (answer.status, answer.json["code"]) == (409, "SESSION_NOT_CONNECTED")
    assert (answer.json["session_disconnected"], answer.json["needs_qr"]) == (True, needs_qr)
    assert not {"data", "qrCode"} & set(answer.json)
    assert world.stores.messages.rows == {}


@pytest.mark.parametrize(
    ("status", "desired", "hint"),
    [
        (Status.STARTING, Desired.RUNNING, "It is starting: try again in a moment."),
        (Status.STOPPED, Desired.STOPPED, "Connect it."),
    ],
)
@BOTH
def test_its_hint_says_what_to_do(
    *, world: World, ana: Caller, path: str, status: Status, desired: Desired, hint: str
) -> None:
    asked = {"reason": Reason.REQUESTED, "message": sentence(Reason.REQUESTED)}
    world.put(a_running_session(status=status, desired=desired, **asked))
    assert ana("POST", path, BODY).json["hint"].startswith(hint)


def test_the_code_to_scan_comes_with_it(world: World, ana: Caller) -> None:
    code = a_code(expires_at=world.clock.now + 60_000)
    world.put(a_running_session(status=Status.SCAN_QR, qr=code))
    data = ana("POST", SEND, BODY).json["data"]
    assert (data["qr_code"], data["qr"], data["expires_in"]) == (code.image, code.code, 60)
    bare = ana("POST", SEND_BARE, BODY).json
    assert (bare["qrCode"], bare["needs_qr"]) == (code.image, True)
    world.clock.now = code.expires_at
    assert "data" not in ana("POST", SEND, BODY).json
    assert "qrCode" not in ana("POST", SEND_BARE, BODY).json


def test_both_families_share_one_outbox(connected: World, ana: Caller) -> None:
    a_worker_sends(connected)
    first = ana("POST", SEND, BODY, Idempotency_Key="k").json["data"]
    assert ana("POST", SEND_BARE, BODY, Idempotency_Key="k").json["id"] == first["id"]
    assert [m.status for m in connected.stores.messages.rows.values()] == [MessageStatus.SENT]


GROUP = "120363041234567890@g.us"


@BOTH
@pytest.mark.parametrize("group", [GROUP, "628987654321-1600000000@g.us"])
def test_a_group_is_written_to_by_its_jid(connected: World, ana: Caller, path: str, group: str) -> None:
    a_worker_sends(connected)
    answer = ana("POST", path, BODY | {"to": f" {group}\u200e"})
    assert answer.status == 200, answer.json
    (message,) = connected.stores.messages.rows.values()
    assert (message.to, message.chat) == (group, group)
    assert answer.json.get("data", {"to": group})["to"] == group


@BOTH
@pytest.mark.parametrize(
    ("refusal", "status"), [("not_in_group", 403), ("group_forbids", 403), ("group_not_found", 404)]
)
def test_a_group_that_takes_no_message_is_named(
    connected: World, ana: Caller, path: str, refusal: str, status: int
) -> None:
    a_worker_fails(connected, refusal)
    answer = ana("POST", path, BODY | {"to": GROUP})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (status, refusal.upper(), "to")
    assert [message.status for message in connected.stores.messages.rows.values()] == [MessageStatus.FAILED]
