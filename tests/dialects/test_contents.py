"""What a message says beside its text, in JSON."""

import json
from typing import Any, get_type_hints

import pytest

from chalicelib.dialects import contents
from chalicelib.dialects.bare import messages as bare_messages
from chalicelib.dialects.bare import webhook as bare_webhook
from chalicelib.dialects.enveloped import messages as enveloped_messages
from chalicelib.dialects.native import webhook as native_webhook
from chalicelib.domain import content as k
from chalicelib.domain.content import Content, Context, Quoted, Target
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party
from tests.makers import NOW, SECRET, a_message, a_session

THEIRS = Target("3A01", from_me=False)


def received(content: Content, context: Context | None = None, **fields: Any) -> Message:
    values = {
        "id": "01M",
        "direction": Direction.INBOUND,
        "status": MessageStatus.RECEIVED,
        "whatsapp_id": "3A02",
        "to": None,
        "sender": Party("628987654321", "200000000000002", "Bo"),
    }
    return a_message(**values | fields, content=content, context=context)


def told(message: Message) -> Envelope:
    return Envelope(
        "01E", "message.received", "default", "ana", message.uid, NOW, "c1", {"direction": "inbound"}, message
    )


@pytest.mark.parametrize(
    ("content", "shape"),
    [
        (
            k.Edited(THEIRS, "text"),
            {"edited": {"message_id": "3A01", "from_me": False, "type": "text"}},
        ),
        (
            k.Deleted(THEIRS),
            {"deleted": {"message_id": "3A01", "from_me": False}},
        ),
        (
            k.Reaction(Target("3A01", participant="628@s.whatsapp.net"), "👍"),
            {"reaction": {"message_id": "3A01", "participant": "628@s.whatsapp.net", "emoji": "👍"}},
        ),
        (
            k.Pin(THEIRS, pinned=False),
            {"pin": {"message_id": "3A01", "from_me": False, "pinned": False}},
        ),
        (
            k.Location(0.0, -106.8271528, "Null", "Laut"),
            {"location": {"latitude": 0.0, "longitude": -106.8271528, "name": "Null", "address": "Laut"}},
        ),
        (k.Document(file_name="a.pdf", size=9, caption="Ini"), {"document": {"file_name": "a.pdf", "size": 9}}),
        (
            k.ContactCards((k.ContactCard("Bo", "BEGIN:VCARD"), k.ContactCard("Cy")), "2 contacts"),
            {"contacts": [{"name": "Bo", "vcard": "BEGIN:VCARD"}, {"name": "Cy"}]},
        ),
        (
            k.Text("Lihat https://kopi.example", k.LinkPreview("https://kopi.example", "Kopi")),
            {"text": {"preview": {"url": "https://kopi.example", "title": "Kopi"}}},
        ),
        (k.PollVote(THEIRS), {"poll_vote": {"message_id": "3A01", "from_me": False}}),
        (k.PollVote(THEIRS, ()), {"poll_vote": {"message_id": "3A01", "from_me": False, "options": []}}),
        (k.PollVote(THEIRS, ("9",)), {"poll_vote": {"message_id": "3A01", "from_me": False, "options": ["9"]}}),
        (k.Album(2, 1), {"album": {"images": 2, "videos": 1}}),
        (
            k.GroupEvent(k.GroupChange.JOINED, (k.GroupMember("628", "1"), k.GroupMember(lid="2"))),
            {"group_event": {"change": "joined", "members": [{"phone": "628", "lid": "1"}, {"lid": "2"}]}},
        ),
        (
            k.PhoneCall("C1", k.CallState.ENDED, video=True, reason="timeout"),
            {"call": {"id": "C1", "state": "ended", "video": True, "reason": "timeout"}},
        ),
        (k.Unknown((1003,)), {"unknown": {"fields": [1003]}}),
    ],
)
def test_each_kind_has_its_own_object_in_every_family(content: Content, shape: dict[str, Any]) -> None:
    message, session = received(content), a_session(webhook_url="https://a.example", webhook_secret=SECRET)
    assert enveloped_messages.message(message)["content"] == shape
    assert bare_messages.message(message, read=False)["content"] == shape
    assert json.loads(bare_webhook.body(told(message), message, session))["content"] == shape
    assert json.loads(native_webhook.body(told(message), message, session))["data"]["content"] == shape
    (frame,) = enveloped_messages.frames(told(message))
    assert json.loads(frame)["data"]["content"] == shape


def test_a_reply_says_to_what_and_a_plain_text_has_nothing_beside() -> None:
    reply = received(k.Text("Sembilan"), Context(quoted=Quoted(THEIRS, "text", "Jam berapa?"), forwarded=1))
    assert contents.beside(reply) == {
        "context": {
            "quoted": {"message_id": "3A01", "from_me": False, "type": "text", "message": "Jam berapa?"},
            "forwarded": 1,
        }
    }
    assert contents.beside(received(k.Text("Halo"))) == {}


def test_the_flat_fields_of_a_webhook_name_what_a_message_is_about() -> None:
    about = received(k.Deleted(THEIRS))
    reply = received(k.Text("Ya"), Context(quoted=Quoted(THEIRS)))
    flat = [json.loads(native_webhook.body(told(one), one, a_session())) for one in (about, reply)]
    assert (flat[0]["target_message_id"], flat[0]["message_type"]) == ("3A01", "deleted")
    assert flat[1]["quoted_message_id"] == "3A01"
    assert "quoted_message_id" not in flat[0]


def test_a_status_frame_says_nothing_of_the_content() -> None:
    sent = received(k.Location(1.0, 2.0), status=MessageStatus.READ, direction=Direction.OUTBOUND)
    (frame,) = enveloped_messages.frames(
        Envelope("01E", "message.read", "default", "ana", sent.uid, NOW, "c", {}, sent)
    )
    assert "content" not in json.loads(frame)["data"]


def test_every_type_has_its_object_and_every_field_of_it_is_one_of_the_content_s() -> None:
    # Of these the words are all, or the object is a list.
    assert set(contents.SHAPES) == set(k.TYPES.values()) - {k.Withheld, k.Undecryptable, k.ContactCards}
    target = get_type_hints(contents.TargetJson)
    told_of: dict[type, set[str]] = {}
    for kind, shape in contents.SHAPES.items():
        told = {"type_of_target" if name == "type" else name for name in get_type_hints(shape) if name not in target}
        has = {name for name in get_type_hints(kind) if name not in {"NAME", "WORDS"}}
        # The words are the message's own field, and where a file is to be fetched from may be a secret.
        assert has - told <= {"target", "body", "caption", "value", "media_id", "state", "link", "sha256"}, kind
        told_of[shape] = told_of.get(shape, told) - has
    # One object may stand for several types: each field is one of theirs.
    assert not any(told_of.values())


def test_the_object_of_each_type_is_described_under_its_name() -> None:
    told = {kind.NAME: shape for kind, shape in contents.SHAPES.items()} | {"contacts": list[contents.ContactJson]}
    assert get_type_hints(contents.ContentJson) == told


@pytest.mark.parametrize("kind", [k.Image, k.Video, k.Audio, k.Sticker, k.Document])
def test_a_file_is_told_with_the_id_that_it_is_fetched_by_and_its_link_with_nobody(kind: type[k.Media]) -> None:
    message = received(kind(media_id="md_1", state="stored", link="https://a.example/secret", mimetype="x/y"))
    file = {"media_id": "md_1", "state": "stored", "mimetype": "x/y"}
    for said in (
        enveloped_messages.message(message)["content"],
        bare_messages.message(message, read=False)["content"],
        json.loads(bare_webhook.body(told(message), message, a_session()))["content"],
    ):
        assert said == {message.content.type: file}
