import hmac
import json
from dataclasses import replace

import pytest

from chalicelib.dialects import webhook_words
from chalicelib.dialects.bare.webhook import body, headers, tells
from chalicelib.dialects.native import webhook as native_webhook
from chalicelib.domain import content as c
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party, event, summary
from chalicelib.domain.webhook import SESSION_EVENTS
from tests.makers import NOW, SECRET, a_message, a_running_session

SESSION = a_running_session(webhook_url="https://example.com/hook", webhook_secret=SECRET, webhook_format="bare")
INBOUND = a_message(
    direction=Direction.INBOUND,
    status=MessageStatus.RECEIVED,
    to=None,
    sender=Party(phone="628987654321", lid="200000000000002", name="Budi"),
    whatsapp_id="3EB0",
    text="Kopi jam 9? ☕",
)
AT = "2027-01-15T08:00:00.000Z"


def about(message: Message) -> Envelope:
    last = event(message, "01E", NOW)
    return Envelope("01E", last.type, "default", "ana", SESSION.uid, NOW, "c1", summary(message), message)


def happened(kind: str, status: str = "CONNECTED", **data) -> Envelope:
    return Envelope("01E", kind, "default", "ana", SESSION.uid, NOW, "c1", {"status": status, **data})


def test_a_message_that_came_in_is_told_in_the_family_s_words():
    assert tells(about(INBOUND), SESSION)
    assert json.loads(body(about(INBOUND), INBOUND, SESSION)) == {
        "event": "message",
        "sessionId": "ana",
        "messageId": "3EB0",
        "id": INBOUND.id,
        "from": "+628987654321",
        "fromName": "Budi",
        "chat": INBOUND.chat,
        "chatLid": None,
        "message": "Kopi jam 9? ☕",
        "type": "text",
        "timestamp": AT,
    }


def test_a_file_that_came_in_is_told_by_an_address_at_the_gateway_as_whoever_set_the_endpoint_called_it():
    message = replace(INBOUND, content=c.Image(media_id="md_1", caption="Menu"))
    session = replace(SESSION, webhook_gateway="https://gateway.example.com")
    said = json.loads(body(about(message), message, session))
    assert said["mediaUrl"] == "https://gateway.example.com/sessions/ana/media/md_1"
    assert (said["type"], said["caption"], said["message"]) == ("image", "Menu", "Menu")


@pytest.mark.parametrize(
    ("sender", "told"), [(Party(lid="200000000000002"), "200000000000002@lid"), (Party(), None), (None, None)]
)
def test_a_sender_without_a_number_is_named_so_that_an_answer_reaches_it(sender, told):
    message = replace(INBOUND, sender=sender)
    assert json.loads(body(about(message), message, SESSION))["from"] == told


@pytest.mark.parametrize("status", [MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ])
def test_what_became_of_a_message_is_told_with_its_status(status):
    message = a_message(status=status, whatsapp_id="3EB0")
    later = replace(message, status=MessageStatus.READ)
    assert tells(about(message), SESSION)
    assert json.loads(body(about(message), later, SESSION)) == {
        "event": "status",
        "sessionId": "ana",
        "messageId": "3EB0",
        "id": message.id,
        "status": str(status),
        "timestamp": AT,
    }


@pytest.mark.parametrize(
    "message",
    [
        replace(INBOUND, copied=True, status=MessageStatus.SENT, direction=Direction.OUTBOUND),
        a_message(status=MessageStatus.FAILED),
        a_message(status=MessageStatus.UNKNOWN),
        a_message(status=MessageStatus.READ, played_at=1),
        replace(INBOUND, status=MessageStatus.READ),
    ],
    ids=["of another device", "failed", "unknown", "played", "read by its owner"],
)
def test_what_the_family_has_no_word_for_is_not_told(message):
    assert not tells(about(message), SESSION)


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        ("session.starting", "STARTING", "pending"),
        ("session.connected", "CONNECTED", "connected"),
        ("session.disconnected", "DISCONNECTED", "disconnected"),
        ("session.logged_out", "LOGGED_OUT", "disconnected"),
        ("session.qr_timeout", "STOPPED", "disconnected"),
        ("session.banned", "FAILED", "failed"),
        ("session.passkey_required", "PASSKEY_REQUIRED", "failed"),
    ],
)
def test_a_change_of_the_connection_is_told_in_four_words(kind, status, told):
    envelope = happened(kind, status, reason="why")
    assert tells(envelope, SESSION)
    assert json.loads(body(envelope, None, SESSION)) == {
        "event": "connection",
        "sessionId": "ana",
        "status": told,
        "timestamp": AT,
        "reason": "why",
    }
    assert "reason" not in json.loads(body(happened(kind, status), None, SESSION))


@pytest.mark.parametrize(
    "kind",
    [
        "qr",
        "pairing_code",
        "pairing_code_ended",
        "scan_round_ended",
        "passkey_confirmation_required",
        "pairing",
        "pair_error",
        "delete_requested",
    ],
)
def test_a_step_on_the_way_is_not_told(kind):
    assert not tells(happened(f"session.{kind}"), SESSION)


@pytest.mark.parametrize("asked", ["message", "status", "connection"])
def test_an_endpoint_is_told_what_it_asked_for_alone(asked):
    session = replace(SESSION, webhook_events=(asked,))
    events = {
        "message": about(INBOUND),
        "status": about(a_message(status=MessageStatus.SENT)),
        "connection": happened("session.connected"),
    }
    assert [word for word, envelope in events.items() if tells(envelope, session)] == [asked]


def test_every_event_that_is_told_has_a_body():
    for kind in SESSION_EVENTS:
        if tells(happened(kind), SESSION):
            assert json.loads(body(happened(kind), None, SESSION))["event"] == "connection"


@pytest.mark.parametrize(("key", "used"), [("their own secret", "their own secret"), (None, SECRET)])
def test_the_family_s_signature_is_the_hex_of_the_body_s_hmac(key, used):
    expected = hmac.new(used.encode(), b"{}", "sha256").hexdigest()
    assert headers(replace(SESSION, webhook_key=key), b"{}", now=NOW)["X-Webhook-Signature"] == expected


@pytest.mark.parametrize("unknown", [None, "", "of a later version"])
def test_a_format_that_is_not_known_is_the_native_one(unknown):
    session = replace(SESSION, webhook_format=unknown)
    assert webhook_words(session) is native_webhook
    assert webhook_words(session).headers(session, b"{}", now=NOW) == {}
    assert webhook_words(session).tells(happened("session.qr"), session)
