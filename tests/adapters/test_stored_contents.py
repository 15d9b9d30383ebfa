"""Contents in the table beside those of other versions."""

from dataclasses import replace

from chalicelib.adapters.dynamodb.messages import DynamoMessages, to_item
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.content import Image, Text, Unsupported
from chalicelib.domain.messages import MessageStatus, advance
from tests.makers import NOW, a_message

LATER = {"hologram": {"media_id": "md_1", "depth": 3}}


def test_a_message_of_a_version_that_knew_kind_and_text_alone_is_read(table: Table) -> None:
    item = {name: value for name, value in to_item(a_message()).items() if name not in {"content", "context"}}
    table.put({**item, "kind": "image", "text": "Lihat"})
    (message,) = DynamoMessages(table).recent(a_message().uid, limit=1, before=None)
    assert message == replace(a_message(), content=Image(caption="Lihat"))


def test_a_text_is_stored_as_that_version_reads_it(table: Table) -> None:
    DynamoMessages(table).put(a_message(text="Kopi?"))
    item = table.get(f"S#{a_message().uid}", f"M#{a_message().id}")
    assert item
    assert (item["kind"], item["text"], "content" in item) == ("text", "Kopi?", False)


def test_a_move_leaves_what_a_later_version_wrote_of_the_content(table: Table) -> None:
    messages, key = DynamoMessages(table), (f"S#{a_message().uid}", f"M#{a_message().id}")
    table.put({**to_item(a_message()), "kind": "hologram", "text": "Look!", "content": LATER})
    message = messages.get(a_message().uid, a_message().id)
    assert message
    assert message.content == Unsupported("hologram", "Look!")
    assert messages.move(advance(message, MessageStatus.SENDING, now=NOW, event_id="E1", epoch=1))
    item = table.get(*key)
    assert item
    assert (item["status"], item["kind"], item["text"], item["content"]) == ("sending", "hologram", "Look!", LATER)


def test_a_content_survives_its_message_s_moves(table: Table) -> None:
    messages = DynamoMessages(table)
    messages.put(a_message(content=Image(media_id="md_1", size=9, caption="Lihat")))
    message = messages.get(a_message().uid, a_message().id)
    assert message
    after = advance(message, MessageStatus.SENDING, now=NOW, event_id="E1", epoch=1)
    assert messages.move(after)
    assert messages.get(after.uid, after.id) == after
    assert message.content != Text("Lihat")
