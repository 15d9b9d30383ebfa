"""What contacts send beside texts, through the real client library: nothing is dropped, nothing flattened."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.client import Phone, Stack, eventually, messages, next_frame, send
from tests.receivers import Receiver, listening


@pytest.fixture
def receiver(stack: Stack, account: str) -> Iterator[Receiver]:
    """The account's webhook."""
    with listening() as receiver:
        stack.put(f"/api/sessions/{account}/webhook", {"webhook_url": receiver.url})
        yield receiver
        stack.put(f"/api/sessions/{account}/webhook", {"webhook_url": ""})


def came(stack: Stack, session: str, name: str) -> dict[str, Any]:
    """The message of that id of WhatsApp's, as the list shows it."""

    def found() -> dict[str, Any] | None:
        return next((one for one in messages(stack, session) if one["message_id"] == name), None)

    message: dict[str, Any] = eventually(found)
    return message


def test_an_edit_is_told_in_the_list_the_frames_and_the_webhook(stack, account, friend, receiver):
    first = friend.say(account, "Jam sembilan")
    came(stack, account, first)
    with stack.watch(account) as socket:
        name = friend.send(account, "edit", id=first, text="Jam sepuluh")
        while (frame := next_frame(socket, "message"))["message_id"] != name:
            pass
    content = {"edited": {"message_id": first, "from_me": False, "type": "text"}}
    kept = came(stack, account, name)
    assert (kept["type"], kept["message"], kept["content"]) == ("edited", "Jam sepuluh", content)
    assert (frame["data"]["type"], frame["data"]["content"]) == ("edited", content)

    def posted() -> list[Any]:
        return [one.json for one in receiver.of("message.received") if one.json["message_id"] == name]

    (told,) = eventually(posted)
    assert (told["message_type"], told["target_message_id"], told["message"]) == ("edited", first, "Jam sepuluh")
    assert told["data"]["content"] == content
    assert "sepuluh" not in stack.log()


def test_a_deletion_is_told(stack, account, friend):
    first = friend.say(account, "Salah kirim")
    kept = came(stack, account, friend.send(account, "delete", id=first))
    assert (kept["type"], kept["message"]) == ("deleted", None)
    assert kept["content"] == {"deleted": {"message_id": first, "from_me": False}}


def test_a_reaction_and_a_reply_name_what_they_are_about(stack, account, friend):
    answer = send(stack, account, friend.number, "Kopi jam sembilan?")
    sent = answer.json()["data"]["message_id"]
    eventually(lambda: friend.heard() == ["Kopi jam sembilan?"])
    thumb = came(stack, account, friend.send(account, "react", id=sent, emoji="👍"))
    assert (thumb["type"], thumb["message"]) == ("reaction", "👍")
    assert thumb["content"] == {"reaction": {"message_id": sent, "from_me": True, "emoji": "👍"}}
    taken_back = came(stack, account, friend.send(account, "react", id=sent, emoji=""))
    assert taken_back["content"] == {"reaction": {"message_id": sent, "from_me": True, "removed": True}}
    reply = came(stack, account, friend.send(account, "reply", id=sent, text="Setuju"))
    quoted = reply["context"]["quoted"]
    assert (reply["type"], reply["message"]) == ("text", "Setuju")
    assert (quoted["message_id"], quoted["type"], quoted["message"]) == (sent, "text", "Kopi jam sembilan?")
    assert quoted["participant"].endswith("@lid")


def test_a_place_has_its_coordinates_and_a_document_its_name(stack, account, friend):
    at = {"latitude": -6.1753924, "longitude": 106.8271528}
    place = came(stack, account, friend.send(account, "location", **at, name="Monas", address="Gambir, Jakarta"))
    assert (place["type"], place["message"]) == ("location", "Monas")
    assert place["content"] == {"location": {**at, "name": "Monas", "address": "Gambir, Jakarta"}}
    named = {"file_name": "Daftar.pdf", "mimetype": "application/pdf"}
    document = came(stack, account, friend.send(account, "document", **named, caption="Ini"))
    assert (document["type"], document["message"]) == ("document", "Ini")
    assert document["content"] == {"document": {**named, "title": "Daftar.pdf"}}
    bare = stack.get(f"/sessions/{account}/messages").json()["messages"]
    assert next(one for one in bare if one["messageId"] == place["message_id"])["content"] == place["content"]


def test_a_kind_without_a_word_of_ours_has_whatsapp_s_own_and_one_that_nobody_knows_its_number(stack, account, friend):
    order = came(stack, account, friend.send(account, "raw", message="b202020a00"))
    assert order["type"] == "orderMessage"
    newer = came(stack, account, friend.send(account, "raw", message="da3e020801"))
    assert (newer["type"], newer["content"]) == ("unknown", {"unknown": {"fields": [1003]}})


def test_what_the_account_s_own_phone_deletes_is_told_as_its_own(stack, account, friend):
    phone = Phone(stack, account)
    first = phone.say(friend.number, "Salah kirim")
    came(stack, account, first)
    copy = came(stack, account, phone.send(friend.number, "delete", id=first))
    assert (copy["type"], copy["from_me"]) == ("deleted", True)
    assert copy["content"] == {"deleted": {"message_id": first, "from_me": True}}


def test_a_place_that_cannot_be_read_at_first_arrives_whole_once_the_phone_sends_it_again(stack, account, friend):
    came(stack, account, friend.say(account, "first"))
    stack.network("faults/spoil-message", {"times": 1})
    friend.send(account, "location", latitude=48.2082, longitude=16.3738)

    def places() -> list[dict[str, Any]]:
        chat = f"{friend.number}@s.whatsapp.net"
        return [one for one in messages(stack, account) if (one["chat"], one["type"]) == (chat, "location")]

    (place,) = eventually(places)
    assert place["content"] == {"location": {"latitude": 48.2082, "longitude": 16.3738}}
    of_that_id = [one for one in messages(stack, account) if one["message_id"] == place["message_id"]]
    (unread,) = [one for one in of_that_id if one["type"] == "undecryptable"]
    assert place["context"]["resolves"] == unread["id"]
