"""Messages, in the table and in memory."""

from dataclasses import replace

import pytest

from chalicelib.domain import content as k
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party, Receipt, advance, event
from tests.makers import NOW, a_message

INBOUND = a_message(
    id="01JMSG00000000000000000002",
    direction=Direction.INBOUND,
    status=MessageStatus.RECEIVED,
    sender=Party("628987654321", "200000000000002", "Bö"),
    content=k.ContactCards((k.ContactCard("Bo", "BEGIN:VCARD"), k.ContactCard()), "Kopi ☕\nat nine?"),
    context=k.Context(quoted=k.Quoted(k.Target("3A02", from_me=False)), mentions=("628@s.whatsapp.net",)),
    copied=True,
    whatsapp_id="3A01",
    epoch=3,
    expires_at=NOW + 1,
    sent_at=NOW + 2,
    delivered_at=NOW + 3,
    read_at=NOW + 4,
    error_code="code",
    error_message="A sentence.",
)


@pytest.mark.parametrize("message", [INBOUND, replace(INBOUND, last_event=event(INBOUND, "E1", NOW)), a_message()])
def test_a_message_comes_back_as_it_went_in(stores, message):
    assert stores.messages.put(message)
    assert stores.messages.get(message.uid, message.id) == message
    assert stores.messages.get("another", message.id) is None


def test_a_message_is_put_once(stores):
    assert stores.messages.put(a_message())
    assert not stores.messages.put(a_message(text="another"))
    assert stores.messages.get(a_message().uid, a_message().id).content == a_message().content


def test_a_message_moves_only_from_the_version_that_was_read(stores):
    message = a_message()
    stores.messages.put(message)
    sending = advance(message, MessageStatus.SENDING, now=NOW, event_id="E1", epoch=1)
    assert stores.messages.move(sending)
    assert not stores.messages.move(advance(message, MessageStatus.FAILED, now=NOW, event_id="E2"))
    assert not stores.messages.move(replace(sending, id="unknown"))
    assert stores.messages.get(message.uid, message.id) == sending


def test_what_a_worker_owes_is_open_oldest_first_and_nothing_else_is(stores):
    for number, status in enumerate([*reversed(MessageStatus), MessageStatus.QUEUED]):
        stores.messages.put(a_message(id=f"M{number}", status=status))
    stores.messages.put(a_message(id="M0", uid="another"))
    (one, two, three) = stores.messages.open(a_message().uid, limit=9)
    assert [m.status for m in (one, two, three)] == [MessageStatus.SENDING, MessageStatus.QUEUED, MessageStatus.QUEUED]
    assert [m.id for m in (one, two, three)] == sorted(m.id for m in (one, two, three))
    assert stores.messages.open(a_message().uid, limit=2) == [one, two]
    assert stores.messages.open(a_message().uid, limit=2, after=two.id) == [three]
    stores.messages.move(advance(one, MessageStatus.SENT, now=NOW, event_id="E1"))
    assert stores.messages.open(a_message().uid, limit=9) == [two, three]


def test_a_message_is_found_by_whatsapp_s_id_within_its_session(stores):
    message = a_message(whatsapp_id="3EB0")
    stores.messages.put(message)
    assert stores.messages.by_whatsapp_id(message.uid, "3EB0") is None
    stores.messages.note_whatsapp_id(message)
    stores.messages.note_whatsapp_id(message)
    assert stores.messages.by_whatsapp_id(message.uid, "3EB0") == message
    assert stores.messages.by_whatsapp_id("another", "3EB0") is None
    stores.messages.note_whatsapp_id(replace(message, id="never put", whatsapp_id="3EB1"))
    assert stores.messages.by_whatsapp_id(message.uid, "3EB1") is None


def test_a_message_that_came_in_is_found_by_its_id_and_its_writer_and_never_in_place_of_ours(stores):
    ours, theirs = a_message(id="M1", whatsapp_id="3EB0"), a_message(id="M2", whatsapp_id="3EB0", secret=b"s" * 32)
    for message in (ours, theirs):
        stores.messages.put(message)
    stores.messages.note_whatsapp_id(ours)
    stores.messages.note_received(theirs, writer="2000")
    stores.messages.note_received(theirs, writer="2000")
    assert stores.messages.by_writer(ours.uid, "3EB0", writer="2000") == theirs
    assert stores.messages.by_writer(ours.uid, "3EB0", writer="3000") is None
    assert stores.messages.by_whatsapp_id(ours.uid, "3EB0") == ours


def test_whoever_wrote_it_a_message_that_came_in_is_found_by_its_id_and_of_several_the_newest(stores):
    first, second = a_message(id="M1", whatsapp_id="3EB0"), a_message(id="M2", whatsapp_id="3EB0")
    for message, writer in ((second, "1000"), (first, "2000")):
        stores.messages.put(message)
        stores.messages.note_received(message, writer=writer)
    stores.messages.note_received(replace(first, id="M9", whatsapp_id="3EB01"), writer="2000")
    assert stores.messages.received_as(first.uid, "3EB0") == second
    assert stores.messages.received_as(first.uid, "3EB") is None
    assert stores.messages.received_as("another", "3EB0") is None


def test_messages_are_read_backwards_from_the_newest_or_from_one_of_them(stores):
    messages: list[Message] = [a_message(id=f"M{number}") for number in range(5)]
    for message in messages:
        stores.messages.put(message)
        stores.messages.note_whatsapp_id(replace(message, whatsapp_id="3EB0"))
    uid = a_message().uid
    assert stores.messages.recent(uid, limit=9, before=None) == messages[::-1]
    assert stores.messages.recent(uid, limit=2, before=None) == messages[:2:-1]
    assert stores.messages.recent(uid, limit=2, before="M3") == messages[2:0:-1]
    assert stores.messages.recent(uid, limit=2, before="M2-gone") == messages[2:0:-1]
    assert stores.messages.recent(uid, limit=2, before="M0") == []
    assert stores.messages.recent("another", limit=2, before=None) == []


def test_messages_are_read_forwards_and_by_their_ids(stores):
    for number in range(4):
        stores.messages.put(a_message(id=f"M{number}"))
    uid = a_message().uid
    assert [m.id for m in stores.messages.following(uid, limit=2, after=None)] == ["M0", "M1"]
    assert [m.id for m in stores.messages.following(uid, limit=9, after="M1")] == ["M2", "M3"]
    assert {m.id for m in stores.messages.many(uid, ["M1", "M3", "M7", "M1"])} == {"M1", "M3"}
    assert stores.messages.many(uid, []) == []


def test_a_mark_is_no_version_and_no_move_undoes_it(stores):
    message = a_message(status=MessageStatus.SENT)
    stores.messages.put(message)
    stores.messages.mark(message.uid, message.id, deleted_by="01JB")
    stores.messages.mark(message.uid, message.id, edited_by="01JB", edited_at=NOW)
    assert stores.messages.move(advance(message, MessageStatus.DELIVERED, now=NOW, event_id="E1"))
    moved = advance(message, MessageStatus.DELIVERED, now=NOW, event_id="E1")
    stands = stores.messages.get(message.uid, message.id)
    assert stands == replace(moved, deleted_by="01JB", edited_by="01JB", edited_at=NOW)


def test_the_newest_message_s_mark_stands(stores):
    message = a_message()
    stores.messages.put(message)
    for by in ("01JB", "01JA", "01JB"):
        stores.messages.mark(message.uid, message.id, edited_by=by, edited_at=NOW)
    stores.messages.mark(message.uid, message.id, deleted_by="01JB")
    stores.messages.mark(message.uid, message.id, deleted_by="01JC", deleted_at=NOW)
    assert stores.messages.get(message.uid, message.id) == replace(
        message, edited_by="01JB", edited_at=NOW, deleted_by="01JC", deleted_at=NOW
    )
    stores.messages.mark(message.uid, "another", deleted_by="01JB")
    assert stores.messages.get(message.uid, "another") is None


def test_a_deletion_takes_its_own_mark_away_alone(stores):
    message = a_message()
    stores.messages.put(message)
    stores.messages.mark(message.uid, message.id, deleted_by="01JB")
    stores.messages.unmark_deleted(message.uid, message.id, by="01JA")
    assert stores.messages.get(message.uid, message.id).deleted_by == "01JB"
    stores.messages.unmark_deleted(message.uid, message.id, by="01JB")
    assert stores.messages.get(message.uid, message.id).deleted_by is None


def test_each_recipient_s_first_receipt_of_a_kind_counts(stores):
    message, bo, cy = a_message(), Party("628777000001", "2", "Bo"), Party("628777000002")
    for who, status, at in (
        (bo, MessageStatus.DELIVERED, NOW),
        (bo, MessageStatus.DELIVERED, NOW + 1),
        (bo, MessageStatus.READ, NOW + 2),
        (cy, MessageStatus.READ, NOW + 3),
    ):
        stores.messages.note_receipt(message, who, status, at=at)
    assert stores.messages.receipts(message.uid, message.id) == [
        Receipt(Party("628777000001", "2"), NOW, NOW + 2),
        Receipt(Party("628777000002"), None, NOW + 3),
    ]
    assert stores.messages.receipts(message.uid, "another") == []
