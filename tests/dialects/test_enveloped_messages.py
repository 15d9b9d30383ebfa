"""The enveloped API's messages and their frames."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dialects.enveloped import frames as enveloped_frames
from chalicelib.dialects.enveloped import messages as enveloped_messages
from chalicelib.dialects.enveloped import sessions as enveloped
from chalicelib.domain.errors import NotOnWhatsApp
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import UNTOLD, Direction, Message, MessageStatus, Party, event
from tests.makers import NOW, a_message

INBOUND = a_message(
    direction=Direction.INBOUND,
    status=MessageStatus.RECEIVED,
    sender=Party("628987654321", "200000000000002", "Bo"),
    to="6281234567890@s.whatsapp.net",
    text="Kopi?",
    whatsapp_id="3A01",
)


def frames(message: Message) -> list[dict[str, Any]]:
    told = event(message, "E1", NOW)
    envelope = Envelope(told.id, told.type, "default", "ana", message.uid, NOW, "c1", told.data, message)
    return [json.loads(text) for saying in enveloped_frames.event(envelope, None, NOW) for text in saying.frames]


def test_a_received_text_is_told_with_who_wrote_it() -> None:
    (frame,) = frames(INBOUND)
    assert {**frame, "data": ...} == {
        "type": "message",
        "id": "E1",
        "cursor": "c1",
        "session_id": "ana",
        "at": "2027-01-15T08:00:00.000Z",
        "message_id": "3A01",
        "status": "received",
        "data": ...,
    }
    assert frame["data"] == enveloped_messages.message(INBOUND)
    assert (frame["data"]["message"], frame["data"]["from"], frame["data"]["from_me"]) == (
        "Kopi?",
        "628987654321",
        False,
    )


def test_another_device_s_text_is_told_as_our_own() -> None:
    (frame,) = frames(a_message(status=MessageStatus.SENT, copied=True, sender=Party("6281234567890")))
    assert (frame["type"], frame["data"]["from_me"], frame["data"]["direction"]) == ("message", True, "outbound")
    assert frame["data"]["message"] == "Kopi at nine?"


@pytest.mark.parametrize("status", MessageStatus)
def test_what_became_of_a_message_is_told_without_its_text(status: MessageStatus) -> None:
    told = frames(a_message(status=status, whatsapp_id="3EB0", error_code="refused", error_message="No."))
    if f"message.{status}" in UNTOLD:
        assert told == []
    elif status is not MessageStatus.RECEIVED:
        (frame,) = told
        assert (frame["type"], frame["message_id"], frame["status"]) == ("message_status", "3EB0", str(status))
        assert frame["data"]["id"] == a_message().id
        assert frame["data"]["error"] == {"code": "refused", "message": "No."}
        assert "Kopi" not in json.dumps(frame)


def test_what_its_owner_has_read_or_somebody_played_is_no_status_in_this_family_s_words() -> None:
    assert frames(replace(INBOUND, status=MessageStatus.READ)) == []
    assert frames(a_message(status=MessageStatus.READ, played_at=NOW)) == []


def test_an_event_without_its_message_is_not_told() -> None:
    told = event(INBOUND, "E1", NOW)
    envelope = Envelope(told.id, told.type, "default", "ana", INBOUND.uid, NOW, "c1", told.data)
    assert enveloped_frames.event(envelope, None, NOW) == []


@given(st.sampled_from(MessageStatus), st.text(max_size=30))
def test_every_message_is_json(status: MessageStatus, name: str) -> None:
    shape = enveloped_messages.message(a_message(status=status, sender=Party(name=name), to=f"{name}@lid"))
    assert json.loads(json.dumps(shape)) == shape


def test_a_failure_names_the_message_that_failed() -> None:
    failed = a_message(status=MessageStatus.FAILED, error_code="not_on_whatsapp")
    body: Any = enveloped.error(NotOnWhatsApp("No.", field="to", failed=failed), now=NOW, session_id="ana")
    assert (body["success"], body["field"], body["data"]["id"], body["data"]["status"]) == (
        False,
        "to",
        failed.id,
        "failed",
    )
    assert "Kopi" not in json.dumps(body)
