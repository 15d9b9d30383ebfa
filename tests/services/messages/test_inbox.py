"""Messages received: each kept once, under a name that follows from what it is."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.names import named_id
from chalicelib.domain.content import (
    Content,
    Context,
    Deleted,
    Edited,
    PollVote,
    Quoted,
    Target,
    Text,
    Undecryptable,
    Unsupported,
)
from chalicelib.domain.messages import (
    MAX_NAME_BYTES,
    MAX_TEXT,
    MAX_TEXT_BYTES,
    Direction,
    Message,
    MessageStatus,
    Party,
)
from chalicelib.domain.session import LastEvent
from chalicelib.services.messages.store import Received
from tests.composition import Rig
from tests.makers import DEVICE, NOW, a_message, a_running_session

SESSION = a_running_session(device=DEVICE)
SENDER = Party("628987654321", "200000000000002", "Bo")
RECEIVED = Received("3A01", "628987654321@s.whatsapp.net", SENDER, at=NOW - 60_000, content=Text("Kopi?"))


@pytest.fixture
def rig():
    return Rig()


def kept(rig: Rig) -> Message:
    (message,) = rig.stores.messages.rows.values()
    return message


def its_event(message: Message) -> LastEvent:
    assert message.last_event
    return message.last_event


def test_a_text_is_kept_with_who_wrote_it_and_when(rig):
    assert rig.inbox.receive(SESSION, RECEIVED)
    message = kept(rig)
    assert (message.direction, message.status) == (Direction.INBOUND, MessageStatus.RECEIVED)
    assert (message.sender, message.content.text, message.whatsapp_id) == (SENDER, "Kopi?", "3A01")
    assert (message.chat, message.to) == (RECEIVED.chat, "6281234567890@s.whatsapp.net")
    assert (message.created_at, its_event(message).at) == (NOW - 60_000, NOW)
    assert its_event(message).type == "message.received"


def test_what_a_message_says_is_kept_and_its_event_names_the_message_that_it_is_about(rig):
    told = Edited(Target("3A00", from_me=False), "text", body="Tea!")
    context = Context(mentions=("628987654321@s.whatsapp.net",))
    rig.inbox.receive(SESSION, replace(RECEIVED, content=told, context=context))
    message = kept(rig)
    assert (message.content, message.context) == (told, context)
    assert (its_event(message).data["kind"], its_event(message).data["target"]) == ("edited", "3A00")
    assert "Tea" not in f"{message} {its_event(message)}"


def test_a_repeat_is_the_same_message_and_the_same_event(rig):
    assert rig.inbox.receive(SESSION, RECEIVED)
    first = kept(rig)
    rig.clock.now += 1000
    assert not rig.inbox.receive(SESSION, RECEIVED)
    assert kept(rig) == first
    rig.stores.messages.rows.clear()
    assert rig.inbox.receive(SESSION, RECEIVED)
    assert its_event(kept(rig)).id == its_event(first).id


@pytest.mark.parametrize(
    "change",
    [
        {"whatsapp_id": "3A02"},
        {"chat": "another@s.whatsapp.net"},
        {"sender": Party(lid="200000000000003")},
        {"at": NOW},
    ],
)
def test_another_message_is_another(rig, change):
    assert rig.inbox.receive(SESSION, RECEIVED)
    assert rig.inbox.receive(SESSION, replace(RECEIVED, **change))
    assert len(rig.stores.messages.rows) == 2


def test_what_another_device_wrote_is_a_copy(rig):
    rig.inbox.receive(SESSION, replace(RECEIVED, sender=Party(DEVICE.phone), from_me=True))
    message = kept(rig)
    assert (message.direction, message.status, message.copied) == (Direction.OUTBOUND, MessageStatus.SENT, True)
    assert message.to == RECEIVED.chat
    assert its_event(message).type == "message.received"
    assert rig.dispatch.owed(SESSION.uid) == []


def test_what_could_not_be_read_is_kept_as_such(rig):
    rig.inbox.receive(SESSION, replace(RECEIVED, content=Undecryptable()))
    assert kept(rig).content == Undecryptable()


def test_what_is_sent_again_after_it_could_not_be_read_is_kept_beside_it(rig):
    rig.inbox.receive(SESSION, replace(RECEIVED, content=Undecryptable()))
    assert not rig.inbox.receive(SESSION, replace(RECEIVED, content=Undecryptable()))
    assert rig.inbox.receive(SESSION, RECEIVED)
    assert {message.content.text for message in rig.stores.messages.rows.values()} == {None, "Kopi?"}


def test_what_is_sent_again_names_the_message_that_stood_for_it(rig):
    rig.inbox.receive(SESSION, replace(RECEIVED, content=Undecryptable()))
    unread = kept(rig)
    rig.inbox.receive(SESSION, replace(RECEIVED, retried=True))
    (read,) = [one for one in rig.stores.messages.rows.values() if one != unread]
    assert read.resolves == unread.id
    assert its_event(read).data["resolves"] == unread.id


def test_what_was_asked_for_again_and_stood_nowhere_resolves_nothing(rig):
    rig.inbox.receive(SESSION, replace(RECEIVED, retried=True))
    assert kept(rig).resolves is None


def test_the_secret_of_a_message_is_kept_with_it_and_in_no_repr(rig):
    rig.inbox.receive(SESSION, replace(RECEIVED, secret=b"secret-of-32-bytes".ljust(32)))
    assert kept(rig).secret == b"secret-of-32-bytes".ljust(32)
    assert "secret-of" not in repr(kept(rig))


def test_what_came_in_is_found_by_the_id_that_its_sender_gave_it(rig):
    rig.inbox.receive(SESSION, RECEIVED)
    assert rig.stores.messages.received_as(SESSION.uid, RECEIVED.whatsapp_id or "") == kept(rig)


def test_what_whatsapp_has_no_id_for_is_told_apart_by_its_mark(rig):
    joined = replace(RECEIVED, whatsapp_id=None, mark="joined 1")
    assert rig.inbox.receive(SESSION, joined)
    assert not rig.inbox.receive(SESSION, joined)
    assert rig.inbox.receive(SESSION, replace(joined, mark="joined 2"))
    assert {one.whatsapp_id for one in rig.stores.messages.rows.values()} == {None}


def test_a_hostile_length_is_cut(rig):
    rig.inbox.receive(SESSION, replace(RECEIVED, content=Text("é" * (MAX_TEXT + 1))))
    assert kept(rig).content.text == "é" * MAX_TEXT


def test_what_others_write_is_cut_to_the_bytes_that_an_item_has_room_for(rig):
    sender = replace(RECEIVED.sender, name="👩" * 5_000)
    rig.inbox.receive(SESSION, replace(RECEIVED, content=Text("x" + "👩" * MAX_TEXT), sender=sender))
    text, named = kept(rig).content.text, kept(rig).sender
    assert text
    assert named
    assert MAX_TEXT_BYTES - 4 < len(text.encode()) <= MAX_TEXT_BYTES
    assert text == "x" + "👩" * (len(text) - 1)
    assert named.name == "👩" * (MAX_NAME_BYTES // 4)


def test_no_trace_of_a_received_text_is_printed():
    assert "Kopi" not in repr(RECEIVED)


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_names_are_the_same_of_the_same_and_sort_by_time(one: int, two: int, entropy: bytes) -> None:
    assert named_id(one, entropy) == named_id(one, entropy)
    assert len(named_id(one, entropy)) == 26
    assert (named_id(one, entropy) < named_id(two, entropy)) == (one < two)


def test_what_the_owner_reads_on_the_phone_is_told_of_the_newest_once(rig):
    chat, lid = RECEIVED.chat, "200000000000002@lid"
    for number in (1, 2, 3):
        rig.inbox.receive(SESSION, replace(RECEIVED, whatsapp_id=f"3A0{number}", at=NOW + number, chat_lid=lid))
    for _ in range(2):
        rig.inbox.read(SESSION, lid, ["3A02", "3A01", "never seen", "x" * 5_000])
    found = {one.whatsapp_id: one for one in rig.stores.messages.rows.values()}
    assert [found[one].status for one in ("3A01", "3A02", "3A03")] == ["received", "read", "received"]
    newest = found["3A02"]
    assert (newest.version, newest.read_at) == (1, rig.clock())
    assert its_event(newest).type == "message.read"
    rig.inbox.read(SESSION, chat, ["3A03"])
    assert rig.stores.messages.get(SESSION.uid, found["3A03"].id).status is MessageStatus.READ


def test_what_is_read_in_another_chat_or_is_ours_says_nothing(rig):
    rig.inbox.receive(SESSION, RECEIVED)
    rig.inbox.receive(SESSION, replace(RECEIVED, whatsapp_id="3A02", from_me=True))
    rig.inbox.read(SESSION, "1-2@g.us", ["3A01"])
    rig.inbox.read(SESSION, RECEIVED.chat, ["3A02"])
    assert {one.version for one in rig.stores.messages.rows.values()} == {0}


def replying(to: Target) -> Received:
    return replace(RECEIVED, whatsapp_id="3A09", context=Context(quoted=Quoted(to, "text", "Kopi?")))


def replies(rig: Rig) -> tuple[str | None, bool | None]:
    """Our id of what the reply replies to, and whether the account wrote that."""
    reply = next(one for one in rig.stores.messages.rows.values() if one.whatsapp_id == "3A09")
    assert reply.context
    assert reply.context.quoted
    return reply.reply_to, reply.context.quoted.target.from_me


def test_a_reply_names_our_message_that_it_quotes(rig):
    ours = a_message(chat=RECEIVED.chat, whatsapp_id="3EB0", status=MessageStatus.SENT)
    rig.stores.messages.put(ours)
    rig.stores.messages.note_whatsapp_id(ours)
    rig.inbox.receive(SESSION, replying(Target("3EB0", participant=f"{DEVICE.phone}@s.whatsapp.net")))
    assert replies(rig) == (ours.id, True)


def test_and_one_that_came_in(rig):
    rig.inbox.receive(SESSION, RECEIVED)
    quoted = kept(rig)
    rig.inbox.receive(SESSION, replying(Target("3A01", participant="628987654321@s.whatsapp.net")))
    assert replies(rig) == (quoted.id, False)


@pytest.mark.parametrize("quoted", ["3EBX", "3EB0"])
def test_but_none_that_is_not_there_or_of_another_chat(rig, quoted):
    elsewhere = a_message(chat="1-2@g.us", whatsapp_id="3EB0", status=MessageStatus.SENT)
    rig.stores.messages.put(elsewhere)
    rig.stores.messages.note_whatsapp_id(elsewhere)
    rig.inbox.receive(SESSION, replying(Target(quoted)))
    assert replies(rig) == (None, None)


@pytest.mark.parametrize(
    ("author", "from_me"),
    [
        (f"{DEVICE.phone}@s.whatsapp.net", True),
        (f"{(DEVICE.lid or '').partition(':')[0].partition('@')[0]}@lid", True),
        ("200000000000077@lid", False),
        (None, None),
    ],
)
def test_a_vote_in_a_group_says_whether_the_poll_is_the_account_s(rig, author, from_me):
    vote = replace(RECEIVED, chat="1-2@g.us", content=PollVote(Target("3EB0", participant=author), ("9",)))
    rig.inbox.receive(SESSION, vote)
    about = kept(rig).content.about
    assert about
    assert about.from_me is from_me


CHANGES = [Edited(Target("3A01"), "text", body="I owe you 1,000"), Deleted(Target("3A01"))]
CLEO = Party("628111000009", "200000000000009", "Cleo")


def said_of(rig: Rig, change: Content, sender: Party, **fields: Any) -> Content:
    """What is told of a change of a message, which another one in the table is the target of."""
    rig.inbox.receive(SESSION, replace(RECEIVED, whatsapp_id="3A02", sender=sender, content=change, **fields))
    return next(one.content for one in rig.stores.messages.rows.values() if one.whatsapp_id == "3A02")


@pytest.mark.parametrize("change", CHANGES, ids=["edit", "deletion"])
def test_a_change_of_what_another_member_wrote_is_none(rig, change):
    rig.inbox.receive(SESSION, replace(RECEIVED, chat="1-2@g.us"))
    assert isinstance(said_of(rig, change, CLEO, chat="1-2@g.us"), Unsupported)


@pytest.mark.parametrize("change", CHANGES, ids=["edit", "deletion"])
def test_a_change_of_what_the_account_wrote_is_none(rig, change):
    ours = a_message(chat=RECEIVED.chat, whatsapp_id="3A01", status=MessageStatus.SENT)
    rig.stores.messages.put(ours)
    rig.stores.messages.note_whatsapp_id(ours)
    assert isinstance(said_of(rig, change, SENDER), Unsupported)


@pytest.mark.parametrize("change", CHANGES, ids=["edit", "deletion"])
@pytest.mark.parametrize(
    "sender", [SENDER, Party("628987654321"), Party(None, "200000000000002")], ids=["both", "number", "lid"]
)
def test_who_wrote_a_message_changes_it_by_whatever_name(rig, change, sender):
    rig.inbox.receive(SESSION, RECEIVED)
    assert said_of(rig, change, sender) == change


def test_a_change_of_what_is_not_here_is_told(rig):
    assert said_of(rig, CHANGES[0], CLEO) == CHANGES[0]


@pytest.mark.parametrize(
    ("change", "fields"),
    [(Deleted(Target("3A01"), by_admin=True), {}), (CHANGES[0], {"from_me": True})],
    ids=["an administrator's", "the account's own"],
)
def test_administrators_delete_what_others_wrote_and_the_account_is_believed(rig, change, fields):
    rig.inbox.receive(SESSION, replace(RECEIVED, chat="1-2@g.us"))
    assert said_of(rig, change, CLEO, chat="1-2@g.us", **fields) == change


def test_a_receipt_for_an_id_that_was_made_up_reads_nothing(rig):
    rig.inbox.receive(SESSION, RECEIVED)
    rig.dispatch.receipt(SESSION.uid, [f"3A01#{SENDER.lid}"], MessageStatus.READ)
    assert kept(rig).status is MessageStatus.RECEIVED
