"""What is pushed to watchers is small, in every family, whatever it is about; and what is too large says where it is."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.dialects import DIALECTS, frames_in
from chalicelib.dialects.enveloped.messages import message as enveloped_message
from chalicelib.dialects.native import frames as native_frames
from chalicelib.dialects.shared import LARGEST_PUSH
from chalicelib.domain import content as k
from chalicelib.domain import events as e
from chalicelib.domain.content import Content, Context, Quoted, Target
from chalicelib.domain.errors import GatewayError
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import MAX_TEXT, Direction, Message, MessageStatus, Party, event
from chalicelib.domain.session import Status
from chalicelib.worker.session.service import render
from infra.local.sockets import FRAME_LIMIT
from tests.makers import NOW, a_message, a_running_session, a_session

PUSHING = [one for one in DIALECTS.values() if one.frames]
FACE = "\N{GRINNING FACE}"


def received(content: Content, context: Context | None = None) -> Message:
    return a_message(
        id="01M",
        session="s" * 64,
        direction=Direction.INBOUND,
        status=MessageStatus.RECEIVED,
        whatsapp_id="3" * 128,
        sender=Party("6" * 15, "2" * 15, FACE * k.LONGEST_NAME),
        content=content,
        context=context,
    )


def pushed(dialect: str, of: Message) -> list[str]:
    told = event(of, "E1", NOW)
    envelope = Envelope(told.id, told.type, "default", of.session, of.uid, NOW, "c1", told.data, of)
    return [frame for saying in frames_in(dialect).event(envelope, None, NOW) for frame in saying.frames]


def largest() -> Iterator[Content]:
    cards = (k.ContactCard("ÿ" * k.LONGEST_NAME, "v" * k.LONGEST_VCARD),) * k.MOST_CONTACTS
    yield k.ContactCards(cards, "ÿ" * k.LONGEST_NAME)
    yield k.Poll("ÿ" * k.LONGEST_NAME, (FACE * k.LONGEST_OPTION,) * k.MOST_OPTIONS)
    yield k.GroupEvent("joined", (k.GroupMember("1" * 15, "1" * 20),) * k.MOST_MEMBERS)
    yield from (k.Text(character * MAX_TEXT) for character in ("x", "é", FACE, '"', "\x01"))


@pytest.mark.parametrize("dialect", PUSHING, ids=lambda one: one.name)
@pytest.mark.parametrize("content", list(largest()), ids=lambda one: type(one).__name__)
def test_no_message_is_too_large_for_a_push(content: Content, dialect: Any) -> None:
    quoted = Quoted(Target("x" * 128, participant="1" * 64 + "@s.whatsapp.net"), "text", FACE * k.LONGEST_NAME)
    context = Context(quoted=quoted, mentions=("1" * 20 + "@s.whatsapp.net",) * k.MOST_MENTIONS)
    assert all(len(frame.encode()) <= LARGEST_PUSH for frame in pushed(dialect.name, received(content, context)))


def test_a_push_costs_one_message_and_a_frame_of_a_client_may_be_as_large() -> None:
    assert LARGEST_PUSH == FRAME_LIMIT == 32 * 1024


def test_what_a_frame_has_room_for_is_told_whole() -> None:
    text = "x" * (LARGEST_PUSH - 8_000)
    native, enveloped = (
        json.loads(pushed(name, received(k.Text(text)))[0])["data"] for name in ("native", "enveloped")
    )
    assert (native["text"]["body"], enveloped["message"]) == (text, text)
    assert "truncated" not in native | enveloped


def test_what_it_has_no_room_for_goes_without_its_content_and_with_the_way_to_it() -> None:
    of = received(k.Text("x" * LARGEST_PUSH), Context(forwarded=1))
    native, enveloped = (json.loads(pushed(name, of)[0])["data"] for name in ("native", "enveloped"))
    assert (native["truncated"], native["url"]) == (True, f"/v1/sessions/{of.session}/messages/01M")
    assert native["id"] == "01M"
    assert not {"text", "context"} & set(native)
    assert (enveloped["truncated"], enveloped["url"]) == (True, f"/api/sessions/{of.session}/messages/01M")
    beside = {"message": None, "truncated": True, "url": enveloped["url"]}
    assert enveloped == {name: value for name, value in enveloped_message(of).items() if name != "context"} | beside


@pytest.mark.parametrize("dialect", PUSHING, ids=lambda one: one.name)
def test_the_picture_of_a_code_has_room(dialect: Any) -> None:
    # As long as WhatsApp's codes are: a reference and three keys.
    code = render("https://wa.me/settings/linked_devices#2@" + "A" * 400, attempt=1, now=NOW)
    session = a_running_session(status=Status.SCAN_QR, qr=code)
    shown = Envelope("e1", e.QRShown.type, "default", session.id, session.uid, NOW, "c1", {"status": "SCAN_QR"})
    sayings = frames_in(dialect.name).event(shown, session, NOW)
    frames = [frame for saying in sayings for frame in saying.frames]
    assert frames
    assert all(code.image in frame and len(frame.encode()) <= LARGEST_PUSH // 2 for frame in frames)


def test_a_session_with_many_words_is_told_without_them_when_it_is_subscribed_to() -> None:
    words = {f"{number:040}": FACE * 500 for number in range(20)}
    said = json.loads(native_frames.subscribed(a_session(metadata=words), "c#1"))
    assert (said["data"]["truncated"], said["data"]["url"]) == (True, "/v1/sessions/ana")
    assert (said["data"]["status"], said["data"]["metadata"]) == ("CREATED", {})
    assert json.loads(native_frames.subscribed(a_session(metadata={"branch": "7"}), ""))["data"]["metadata"]


def test_an_error_repeats_nothing_long_of_what_a_client_sent() -> None:
    name = FACE * 10_000
    error = GatewayError(f"There is no session '{name}'.", field=f"subscribe.{name}")
    text = native_frames.failed(error, session_id=name, now=NOW)
    said = json.loads(text)
    assert len(text.encode()) < LARGEST_PUSH
    assert said["error"]["code"] == "INTERNAL"
    assert said["error"]["message"].startswith("There is no session")
