import json
from dataclasses import replace

from chalicelib.dialects.native.messages import message
from chalicelib.dialects.native.webhook import body
from chalicelib.domain import content as c
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party, summary
from chalicelib.domain.session import Device
from tests.makers import DEVICE, NOW, a_message, a_running_session

SESSION = a_running_session(device=DEVICE)
INBOUND = a_message(
    direction=Direction.INBOUND,
    status=MessageStatus.RECEIVED,
    to=None,
    sender=Party(phone="628987654321", lid="200000000000002", name="Budi"),
    whatsapp_id="3EB0",
    text="Kopi jam 9? ☕",
)


def about(message: Message) -> Envelope:
    kind = f"message.{message.status}"
    return Envelope("01E", kind, "default", "ana", SESSION.uid, NOW, "c1", summary(message), message)


def told(message: Message, **session):
    return json.loads(body(about(message), message, replace(SESSION, **session)))


def test_a_session_s_event_is_told_with_its_times_as_text():
    later = NOW + 60_000
    data = {"status": "SCAN_QR", "attempt": 1, "expires_at": later, "next_at": later, "until": later}
    envelope = Envelope("01E", "session.qr", "default", "ana", SESSION.uid, NOW, "c1", data)
    assert json.loads(body(envelope, None, SESSION)) == {
        "id": "01E",
        "type": "session.qr",
        "session": "ana",
        "at": "2027-01-15T08:00:00.000Z",
        "cursor": "c1",
        "data": {
            "status": "SCAN_QR",
            "attempt": 1,
            "expires_at": "2027-01-15T08:01:00.000Z",
            "next_at": "2027-01-15T08:01:00.000Z",
            "until": "2027-01-15T08:01:00.000Z",
        },
    }


def test_a_message_received_is_told_natively():
    said = told(INBOUND)
    assert (said["id"], said["type"], said["session"]) == ("01E", "message.received", "ana")
    assert said["data"] == {
        **message(INBOUND),
        "message_id": "3EB0",
        "chat": "628987654321@s.whatsapp.net",
        "to": DEVICE.phone,
        "from": "628987654321",
        "from_lid": "200000000000002",
        "from_name": "Budi",
        "message": "Kopi jam 9? ☕",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "error": None,
    }


def test_and_beside_that_in_the_flat_words_of_seed_001():
    said = told(INBOUND)
    flat = {name: said[name] for name in said if name not in {"id", "type", "session", "at", "cursor", "data"}}
    assert flat == {
        "session_id": "ana",
        "from": "628987654321@s.whatsapp.net",
        "from_name": "Budi",
        "to": f"{DEVICE.phone}@s.whatsapp.net",
        "message": "Kopi jam 9? ☕",
        "message_type": "text",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "message_id": "3EB0",
        "is_group": False,
    }


def test_a_file_is_told_by_the_path_that_the_enveloped_api_has_it_at_for_a_week():
    said = told(replace(INBOUND, content=c.Image(media_id="md_1", mimetype="image/jpeg", caption="Menu")))
    assert said["media_url"] == f"/api/media/temp/ana_md_1.jpg?expires={(NOW + 7 * 86_400_000) // 1000}"
    assert (said["message"], said["message_type"]) == ("Menu", "image")


def test_a_group_s_message_says_which_group():
    said = told(replace(INBOUND, chat="1203@g.us"))
    assert (said["is_group"], said["group_id"]) == (True, "1203@g.us")


def test_a_sender_known_by_its_lid_alone_is_told_by_that():
    said = told(replace(INBOUND, sender=Party(lid="200000000000002")))
    assert (said["from"], said["data"]["from"]) == ("200000000000002@lid", None)
    assert said["from_name"] == "200000000000002"


def test_a_status_is_the_one_at_the_event_whatever_the_message_is_by_now():
    sent = a_message(status=MessageStatus.SENT, whatsapp_id="3EB0")
    now = replace(sent, status=MessageStatus.READ, read_at=NOW)
    said = json.loads(body(about(sent), now, SESSION))
    assert (said["data"]["status"], said["data"]["to"]) == ("sent", "628987654321")
    assert (said["data"]["from"], said["from"]) == (DEVICE.phone, f"{DEVICE.phone}@s.whatsapp.net")


def test_a_message_that_failed_says_why():
    failed = a_message(status=MessageStatus.FAILED, error_code="not_on_whatsapp", error_message="Nobody there.")
    assert told(failed)["data"]["error"] == {"code": "not_on_whatsapp", "message": "Nobody there."}


def test_a_session_that_isn_t_linked_any_more_is_told_by_its_own_number():
    assert told(INBOUND, device=None, phone="6281")["data"]["to"] == "6281"
    assert told(INBOUND, device=None, phone=None)["to"] is None
    assert told(INBOUND, device=Device("6282:3@s.whatsapp.net"))["data"]["to"] == "6282"
