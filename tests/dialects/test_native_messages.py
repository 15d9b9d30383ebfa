"""A message in the native API's words."""

import json
from dataclasses import replace
from typing import Any, get_type_hints

import pytest

from chalicelib.api.description.schemas import Schemas
from chalicelib.dialects.native import messages as shapes
from chalicelib.dialects.native.webhook import body
from chalicelib.domain import content as k
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party, Receipt, summary
from tests.makers import NOW, a_message, a_session

LID = "200000000000002@lid"
BO = Party("628777000001", "200000000000002", "Bo")


def received(content: k.Content, **fields: Any) -> Message:
    about = {"direction": Direction.INBOUND, "status": MessageStatus.RECEIVED, "sender": BO, "whatsapp_id": "3A01"}
    return a_message(**{**about, "content": content, **fields})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (k.Text("Kopi?"), {"body": "Kopi?"}),
        (
            k.Text("a.example", k.LinkPreview("a.example", "A")),
            {"body": "a.example", "preview": {"url": "a.example", "title": "A"}},
        ),
        (
            k.Image(media_id="md_1", link="https://secret.example", mimetype="image/png", caption="Plan"),
            {"media_id": "md_1", "mimetype": "image/png", "caption": "Plan"},
        ),
        (k.Video(gif=True), {"gif": True, "round": False}),
        (k.Location(0.0, -6.5), {"latitude": 0.0, "longitude": -6.5, "live": False}),
        (
            k.ContactCards((k.ContactCard("Bo", "BEGIN:VCARD"),), "Bo"),
            {"contacts": [{"name": "Bo", "vcard": "BEGIN:VCARD"}]},
        ),
        (k.Poll("When?", ("Mon", "Tue")), {"question": "When?", "options": ["Mon", "Tue"], "selectable": 0}),
        (k.PollVote(k.Target("3A02", from_me=True), ()), {"message_id": "3A02", "from_me": True, "options": []}),
        (k.PollVote(k.Target("3A02")), {"message_id": "3A02"}),
        (k.Deleted(k.Target("3A02", participant=LID)), {"message_id": "3A02", "participant": LID, "by_admin": False}),
        (k.Deleted(), {"by_admin": False}),
        (
            k.GroupEvent("joined", (k.GroupMember("628777000001", "2"), k.GroupMember())),
            {"change": "joined", "members": [{"phone": "+628777000001", "lid": "2@lid"}, {}]},
        ),
        (k.Undecryptable(), {}),
        (k.Withheld(), {}),
    ],
)
def test_each_content_is_the_object_of_its_type(content: k.Content, said: dict[str, Any]) -> None:
    told = shapes.message(received(content))
    assert (told["type"], told[content.type]) == (content.type, said)


def test_every_type_is_described_and_nothing_is_told_that_is_not() -> None:
    assert set(shapes.TYPES) == set(k.TYPES) - {"unknown"} | {"unsupported"}
    schemas = Schemas()
    schemas.of(shapes.NativeMessageJson)
    told = schemas.named["NativeMessageJson"]["properties"]
    assert set(shapes.TYPES) <= set(told)
    for name, kind in k.TYPES.items():
        if name != "unknown":
            described = schemas.named[told[name]["$ref"].rpartition("/")[2]]["properties"]
            has = {field for field in get_type_hints(kind) if field not in {"NAME", "WORDS", "target", "link"}}
            hidden = {"caption"} if kind is k.ContactCards else set()
            about = {"message_id", "from_me", "participant"} if issubclass(kind, k.About) else set()
            assert set(described) == has - hidden | about, name


def test_what_is_about_a_message_of_ours_names_it_by_our_id() -> None:
    said = shapes.message(a_message(content=k.Reaction(k.Target("3EB0", from_me=True), "👍"), about="01KOURS"))
    assert said["reaction"] == {"message_id": "01KOURS", "from_me": True, "emoji": "👍", "removed": False}


def test_a_context_tells_what_it_has_to_say() -> None:
    context = k.Context(k.Quoted(k.Target("3A02", participant=LID), "text", "Jam?"), (LID,), 2, 86_400, True, "3A00")
    said = shapes.message(received(k.Text("Ya"), context=context))
    assert said["mentions"] == [LID]
    assert said["context"] == {
        "quoted": {"message_id": "3A02", "participant": LID, "type": "text", "text": "Jam?"},
        "forwarded": 2,
        "expires_in": 86_400,
        "view_once": True,
        "album": "3A00",
    }
    plain = shapes.message(received(k.Text("Ya"), context=k.Context()))
    assert not {"context", "mentions", "reply_to"} & set(plain)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "delivered"),
        ({"deleted_by": "01JB"}, "revoking"),
        ({"deleted_by": "01JB", "deleted_at": NOW}, "revoked"),
        ({"edited_by": "01JB", "edited_at": NOW}, "delivered"),
    ],
)
def test_a_message_that_is_deleted_says_so(fields: dict[str, Any], status: str) -> None:
    said = shapes.message(a_message(status=MessageStatus.DELIVERED, **fields))
    assert said["status"] == status
    assert status in shapes.STATUSES


def test_an_event_tells_a_message_as_it_stood_then() -> None:
    then = a_message(whatsapp_id="3EB0", status=MessageStatus.SENT, sent_at=NOW)
    now = replace(then, status=MessageStatus.READ, read_at=NOW, deleted_by="01JB", deleted_at=NOW)
    said = shapes.message(now, event=summary(then))
    assert (said["status"], said["whatsapp_id"]) == ("sent", "3EB0")
    assert not {"read_at", "deleted_by", "deleted_at", "failure"} & set(said)
    failed = a_message(status=MessageStatus.FAILED, error_code="not_on_whatsapp", error_message="Nobody.")
    assert shapes.message(now, event=summary(failed))["failure"] == {"code": "NOT_ON_WHATSAPP", "message": "Nobody."}


def test_a_webhook_tells_the_message_as_lists_do() -> None:
    context = k.Context(k.Quoted(k.Target("3A02"), "text", "Jam?"))
    message = received(k.Image(media_id="md_1", caption="Plan"), context=context)
    event = Envelope("E", "message.received", "default", "ana", message.uid, NOW, "c", summary(message), message)
    data = json.loads(body(event, message, a_session()))["data"]
    native = shapes.message(message)
    assert {name: data[name] for name in native if name != "context"} == {
        name: value for name, value in native.items() if name != "context"
    }
    assert data["context"]["quoted"] == {"message_id": "3A02", "type": "text", "text": "Jam?", "message": "Jam?"}


@pytest.mark.parametrize(
    ("receipt", "status"),
    [
        (Receipt(BO), "sent"),
        (Receipt(BO, NOW), "delivered"),
        (Receipt(BO, NOW, NOW), "read"),
        (Receipt(BO, None, NOW), "read"),
    ],
)
def test_a_receipt_says_what_its_recipient_did_last(receipt: Receipt, status: str) -> None:
    said = shapes.receipt(receipt)
    assert (said["status"], said["recipient"]) == (status, {"phone": "+628777000001", "lid": LID, "name": "Bo"})
