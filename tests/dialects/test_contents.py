"""What a message says beside its text, in JSON."""

import json
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest

from chalicelib.dialects import contents
from chalicelib.dialects.bare import messages as bare_messages
from chalicelib.dialects.bare import webhook as bare_webhook
from chalicelib.dialects.enveloped import messages as enveloped_messages
from chalicelib.dialects.native import webhook as native_webhook
from chalicelib.dialects.shared import LARGEST_TEXT
from chalicelib.domain import content as k
from chalicelib.domain.content import Content, Context, Quoted, Target
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import MAX_TEXT, Direction, Message, MessageStatus, Party
from tests.makers import NOW, SECRET, a_message, a_session

THEIRS = Target("3A01", from_me=False)


def received(kind: str, content: Content | None = None, context: Context | None = None, **fields: Any) -> Message:
    values = {
        "id": "01M",
        "direction": Direction.INBOUND,
        "status": MessageStatus.RECEIVED,
        "whatsapp_id": "3A02",
        "to": None,
        "text": None,
        "sender": Party("628987654321", "200000000000002", "Bo"),
    }
    return a_message(**values | fields, kind=kind, content=content, context=context)


def told(message: Message) -> Envelope:
    return Envelope(
        "01E", "message.received", "default", "ana", message.uid, NOW, "c1", {"direction": "inbound"}, message
    )


@pytest.mark.parametrize(
    ("content", "shape"),
    [
        (
            Content(edited=k.Edited(THEIRS, "text")),
            {"edited": {"message_id": "3A01", "from_me": False, "type": "text"}},
        ),
        (Content(deleted=k.Deleted(THEIRS)), {"deleted": {"message_id": "3A01", "from_me": False}}),
        (
            Content(reaction=k.Reaction(Target("3A01", participant="628@s.whatsapp.net"), "👍")),
            {"reaction": {"message_id": "3A01", "participant": "628@s.whatsapp.net", "emoji": "👍"}},
        ),
        (
            Content(pin=k.Pin(THEIRS, pinned=False)),
            {"pin": {"message_id": "3A01", "from_me": False, "pinned": False}},
        ),
        (
            Content(location=k.Location(0.0, -106.8271528, "Null", "Laut")),
            {"location": {"latitude": 0.0, "longitude": -106.8271528, "name": "Null", "address": "Laut"}},
        ),
        (Content(document=k.Document("a.pdf", size=9)), {"document": {"file_name": "a.pdf", "size": 9}}),
        (
            Content(contacts=(k.Contact("Bo", "BEGIN:VCARD"), k.Contact("Cy"))),
            {"contacts": [{"name": "Bo", "vcard": "BEGIN:VCARD"}, {"name": "Cy"}]},
        ),
        (Content(unknown=k.Unknown((1003,))), {"unknown": {"fields": [1003]}}),
    ],
)
def test_each_kind_has_its_own_object_in_every_family(content: Content, shape: dict[str, Any]) -> None:
    message, session = received("kind", content), a_session(webhook_url="https://a.example", webhook_secret=SECRET)
    assert enveloped_messages.message(message)["content"] == shape
    assert bare_messages.message(message)["content"] == shape
    assert json.loads(bare_webhook.body(told(message), message, session))["content"] == shape
    assert json.loads(native_webhook.body(told(message), message, session))["data"]["content"] == shape
    (frame,) = enveloped_messages.frames(told(message))
    assert json.loads(frame)["data"]["content"] == shape


def test_a_reply_says_to_what_and_a_plain_text_has_nothing_beside() -> None:
    reply = received("text", None, Context(quoted=Quoted(THEIRS, "text", "Jam berapa?"), forwarded=1), text="Sembilan")
    assert contents.beside(reply) == {
        "context": {
            "quoted": {"message_id": "3A01", "from_me": False, "type": "text", "message": "Jam berapa?"},
            "forwarded": 1,
        }
    }
    assert contents.beside(received("text", text="Halo")) == {}


def test_the_flat_fields_of_a_webhook_name_what_a_message_is_about() -> None:
    about = received("deleted", Content(deleted=k.Deleted(THEIRS)))
    reply = received("text", None, Context(quoted=Quoted(THEIRS)), text="Ya")
    flat = [json.loads(native_webhook.body(told(one), one, a_session())) for one in (about, reply)]
    assert (flat[0]["target_message_id"], flat[0]["message_type"]) == ("3A01", "deleted")
    assert flat[1]["quoted_message_id"] == "3A01"
    assert "quoted_message_id" not in flat[0]


def test_a_status_frame_says_nothing_of_the_content() -> None:
    sent = received("location", Content(location=k.Location(1.0, 2.0)), status=MessageStatus.READ)
    (frame,) = enveloped_messages.frames(
        Envelope("01E", "message.read", "default", "ana", sent.uid, NOW, "c", {}, sent)
    )
    assert "content" not in json.loads(frame)["data"]


def test_every_field_is_described() -> None:
    """What the domain can say, the description names; the words that are others are mapped."""

    def names(kind: Any) -> set[str]:
        found: set[str] = set()
        for field in fields(kind):
            record = next((one for one in get_args(get_type_hints(kind)[field.name]) if one is Target), None)
            if record or get_type_hints(kind)[field.name] is Target:
                found |= {"message_id", "from_me", "participant"}
            else:
                found.add({"kind": "type", "text": "message"}.get(field.name, field.name))
        return found

    pairs = [(Content, contents.ContentJson), (Context, contents.ContextJson), (Quoted, contents.QuotedJson)]
    pairs += [(getattr(k, name), getattr(contents, f"{name}Json")) for name in ("Edited", "Deleted", "Reaction", "Pin")]
    pairs += [(getattr(k, name), getattr(contents, f"{name}Json")) for name in ("Location", "Document", "Media")]
    pairs += [(getattr(k, name), getattr(contents, f"{name}Json")) for name in ("Contact", "Poll", "Choice", "Timer")]
    pairs += [(k.GroupInvite, contents.GroupInviteJson), (k.Event, contents.PlannedEventJson)]
    pairs += [(k.Unknown, contents.UnknownJson), (k.Reference, contents.TargetJson)]
    for kind, shape in pairs:
        assert names(kind) == set(get_type_hints(shape)), kind
    records = {one for one in vars(k).values() if is_dataclass(one)}
    assert records == {kind for kind, _ in pairs} | {Target}


def test_the_largest_message_fits_into_a_frame() -> None:
    """API Gateway posts no frame of more than 128 KB."""
    quoted = Quoted(Target("x" * 128, participant="1" * 64 + "@s.whatsapp.net"), "text", "\N{GRINNING FACE}" * 1_000)
    context = Context(quoted=quoted, mentions=("1" * 20 + "@s.whatsapp.net",) * k.MOST_MENTIONS)
    cards = (k.Contact("ÿ" * 1_000, "v" * k.LONGEST_VCARD),) * k.MOST_CONTACTS
    poll = k.Poll("ÿ" * 1_000, ("\N{GRINNING FACE}" * k.LONGEST_OPTION,) * k.MOST_OPTIONS)
    text = "\N{GRINNING FACE}" * MAX_TEXT
    largest = [
        received("text", None, context, text=text),
        received("contact", Content(contacts=cards), context, text="ÿ" * 1_000),
        received("poll", Content(poll=poll), context, text="ÿ" * 1_000),
    ]
    for message in largest:
        (frame,) = enveloped_messages.frames(told(message))
        assert len(frame.encode()) < 128 * 1024
    assert LARGEST_TEXT < 128 * 1024
