"""Chats: what is kept of them as messages are told of, and the lists that are made by that."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import msgspec
import pytest

from chalicelib.domain.chats import CHAT_KEPT, NO_ENTRIES, Chat, IndexEntries, LastMessages, Passed, Pointing
from chalicelib.domain.content import Content, Context, GroupChange, GroupEvent, Image, Reaction, Target, Text, Timer
from chalicelib.domain.errors import SessionNotFound
from chalicelib.domain.events import Envelope
from chalicelib.domain.jid import Identity
from chalicelib.domain.messages import KEPT, Direction, Message, MessageStatus, Party, advance, event
from chalicelib.services.messages.chats import MOST_COUNTED, ChatEntry
from chalicelib.services.messages.store import CHUNK, LATELY, Wanted
from chalicelib.services.ports import Misconfigured, Rejected, Unavailable
from chalicelib.services.watching.watching import History
from tests.composition import Rig
from tests.makers import NOW, a_message, a_running_session

SESSION = a_running_session()
PHONE, LID, GROUP = "628777000001@s.whatsapp.net", "200000000000002@lid", "1-2@g.us"
IN, OUT = Direction.INBOUND, Direction.OUTBOUND


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.stores.sessions.rows[SESSION.uid] = SESSION
    return rig


def told(message: Message) -> Envelope:
    return Envelope("E1", message.event_type, "default", "ana", message.uid, NOW, "c1", {}, message)


def put(rig: Rig, chat: str, direction: Direction = IN, content: Content | None = None, **fields: object) -> Message:
    number = len(rig.stores.messages.rows)
    status = MessageStatus.RECEIVED if direction is IN else MessageStatus.QUEUED
    about = {"direction": direction, "status": status, "content": content or Text("Kopi?"), "chat": chat, "to": chat}
    made = a_message(**{"id": f"M{number:04}", "created_at": NOW, **about, **fields})
    message = replace(made, last_event=event(made, f"{made.id}-E", rig.clock()))
    rig.stores.messages.put(message)
    return message


def indexed(rig: Rig, *args: object, **fields: object) -> Message:
    message = put(rig, *args, **fields)  # type: ignore[arg-type]
    rig.chats.index(told(message))
    return message


def pages(rig: Rig, wanted: Wanted) -> Iterator[list[str]]:
    while True:
        found, cursor = rig.messages.listed("default", "ana", wanted)
        yield [message.id for message in found]
        if cursor is None:
            return
        wanted = replace(wanted, cursor=cursor)


def listed(rig: Rig, **wanted: object) -> list[str]:
    return [one for page in pages(rig, Wanted(7, **wanted)) for one in page]  # type: ignore[arg-type]


def test_a_chat_knows_its_newest_messages_whatever_their_order(rig: Rig) -> None:
    messages = [put(rig, PHONE, IN, chat_lid=LID, sender=Party(name="Bo")), put(rig, PHONE, OUT, chat_lid=LID)]
    messages += [put(rig, PHONE, IN, chat_lid=LID, sender=Party(name="Bö"))]
    expected = Chat(SESSION.uid, LID, PHONE, LID, "Bö", last="M0002", last_inbound="M0002")
    for message in messages:
        rig.chats.index(told(message))
    assert rig.stores.chats.rows == {(SESSION.uid, LID): expected}
    rig.stores.chats.rows.clear()
    for message in (messages[1], messages[2], messages[0], messages[2]):
        rig.chats.index(told(message))
    assert rig.stores.chats.rows == {(SESSION.uid, LID): expected}


def test_an_answer_that_is_older_than_our_newest_counts_as_the_newest_that_came_in(rig: Rig) -> None:
    older, newer = put(rig, PHONE, IN), put(rig, PHONE, OUT)
    rig.chats.index(told(newer))
    rig.chats.index(told(older))
    chat = rig.stores.chats.rows[SESSION.uid, PHONE]
    assert (chat.last, chat.last_inbound) == (newer.id, older.id)


def test_who_asks_by_the_number_finds_the_chat_by_the_lid(rig: Rig) -> None:
    message = indexed(rig, PHONE, IN, chat_lid=LID)
    assert listed(rig, chat=PHONE) == listed(rig, chat=LID) == [message.id]


def test_no_other_event_of_a_message_writes_anything(rig: Rig) -> None:
    message = put(rig, PHONE, OUT)
    rig.chats.index(told(replace(message, version=1, status=MessageStatus.SENDING)))
    rig.chats.index(replace(told(message), type="session.qr", message=None))
    assert (rig.stores.chats.rows, rig.stores.chats.pointed) == ({}, {})


def test_what_happens_late_keeps_the_pointer_for_as_long_as_the_message(rig: Rig) -> None:
    message = put(rig, PHONE, OUT)
    read = replace(message, version=3, status=MessageStatus.READ)
    rig.chats.index(told(replace(read, last_event=event(read, "E2", NOW + KEPT + 1))))
    assert list(rig.stores.chats.pointed[SESSION.uid, PHONE]) == [message.id]


@pytest.mark.parametrize("status", [MessageStatus.QUEUED, MessageStatus.SENT])
def test_what_is_told_before_an_older_message_of_ours_went_out_leaves_the_pointers_complete(
    rig: Rig, status: MessageStatus
) -> None:
    """As the older one waits, or has gone out since: the stream's consumer may be behind."""
    waits = put(rig, PHONE, OUT)
    sent_at = None if status is MessageStatus.QUEUED else NOW + 1
    rig.stores.messages.rows[waits.uid, waits.id] = replace(waits, status=status, sent_at=sent_at)
    indexed(rig, GROUP)
    assert rig.stores.chats.since(SESSION.uid) == 0


@pytest.mark.parametrize("older", [{"direction": IN}, {"direction": OUT, "copied": True, "status": MessageStatus.SENT}])
def test_a_session_with_messages_from_before_there_were_pointers_says_since_when_it_has_them(
    rig: Rig, older: dict[str, Any]
) -> None:
    put(rig, PHONE, **older)
    put(rig, PHONE, OUT)
    indexed(rig, GROUP)
    assert rig.stores.chats.since(SESSION.uid) == rig.clock()


@pytest.mark.parametrize("complete", [True, False])
def test_a_chat_is_listed_both_ways_by_direction_and_by_type(rig: Rig, complete: bool) -> None:
    if complete:
        rig.stores.chats.begin(SESSION.uid, 0)
    else:
        rig.stores.chats.begin(SESSION.uid, NOW)
    rig.identities.note(SESSION.uid, Identity("628777000001", "200000000000002"))
    kinds = list(product((PHONE, LID, GROUP), (IN, OUT), (Text("Kopi?"), Image())))
    messages = [indexed(rig, *kinds[number % len(kinds)]) for number in range(3 * CHUNK)]
    theirs = [one for one in messages if one.chat != GROUP]
    for newest_first in (True, False):
        every = [one.id for one in (reversed(theirs) if newest_first else theirs)]
        assert listed(rig, chat=LID, newest_first=newest_first) == every
    wanted = [one.id for one in theirs if one.direction is IN and isinstance(one.content, Image)]
    assert listed(rig, chat=PHONE, direction=IN, type="image", newest_first=False) == wanted
    assert wanted


def test_all_messages_are_listed_both_ways_by_direction_and_by_type(rig: Rig) -> None:
    messages = [put(rig, PHONE, (IN, OUT)[n % 2], (Text("Hi"), Image(), Text("Yo"))[n % 3]) for n in range(CHUNK + 20)]
    assert listed(rig, newest_first=False) == [one.id for one in messages]
    assert listed(rig) == [one.id for one in reversed(messages)]
    assert listed(rig, direction=OUT, type="image") == [
        one.id for one in reversed(messages) if one.direction is OUT and isinstance(one.content, Image)
    ]


@pytest.mark.parametrize("newest_first", [True, False])
def test_what_has_no_pointer_yet_is_listed_all_the_same(rig: Rig, newest_first: bool) -> None:
    rig.stores.chats.begin(SESSION.uid, 0)
    messages = [indexed(rig, PHONE) for _ in range(CHUNK + 3)] + [put(rig, PHONE, OUT) for _ in range(LATELY)]
    ids = [message.id for message in messages]
    assert listed(rig, chat=PHONE, newest_first=newest_first) == (ids[::-1] if newest_first else ids)


def test_a_session_that_had_messages_before_there_were_pointers_is_looked_through_until_those_expire(rig: Rig) -> None:
    old = put(rig, PHONE)
    new = indexed(rig, PHONE)
    assert rig.stores.chats.began == {SESSION.uid: NOW}
    assert listed(rig, chat=PHONE) == [new.id, old.id]
    rig.clock.now += 2 * KEPT
    newest = indexed(rig, PHONE, created_at=rig.clock())
    rig.stores.messages.recent = None  # type: ignore[method-assign, assignment]
    with pytest.raises(TypeError):
        listed(rig, type="image")
    assert rig.stores.chats.pointers(SESSION.uid, PHONE, cursor=None, limit=1, newest_first=True)[0].id == newest.id


def test_a_new_session_s_first_message_says_that_all_have_pointers(rig: Rig) -> None:
    indexed(rig, PHONE)
    indexed(rig, GROUP)
    assert rig.stores.chats.began == {SESSION.uid: 0}


def test_a_pointer_to_a_message_that_is_gone_is_passed_over(rig: Rig) -> None:
    messages = [indexed(rig, PHONE) for _ in range(3)]
    rig.stores.messages.remove(messages[1])
    assert listed(rig, chat=PHONE) == [messages[2].id, messages[0].id]


def test_a_chat_s_unread_messages_are_those_after_the_one_that_was_read(rig: Rig) -> None:
    first, second = indexed(rig, PHONE), indexed(rig, PHONE)
    indexed(rig, PHONE, OUT)
    indexed(rig, PHONE, IN, Reaction(Target("3A"), "👍"))
    third = indexed(rig, PHONE)
    indexed(rig, GROUP)
    assert [rig.chats.read(one) for one in (first, third, second)] == [2, 0, 0]
    assert rig.stores.chats.rows[SESSION.uid, PHONE].read_to == third.id
    indexed(rig, PHONE)
    assert rig.chats.read(third) == 1


def timer(rig: Rig, key: str = PHONE) -> tuple[int, int]:
    chat = rig.stores.chats.rows[SESSION.uid, key]
    return chat.timer, chat.timer_set_at


def test_a_chat_s_timer_is_learnt_from_who_sets_it_and_from_what_disappears(rig: Rig) -> None:
    indexed(rig, PHONE, context=Context(expires_in=86_400, timer_set_at=7))
    assert timer(rig) == (86_400, 7)
    indexed(rig, PHONE, IN, Timer(604_800))
    assert timer(rig) == (604_800, NOW // 1000)
    indexed(rig, PHONE, IN, Timer(0))
    indexed(rig, PHONE)
    assert timer(rig) == (0, NOW // 1000)
    indexed(rig, PHONE, OUT, context=Context(expires_in=86_400))
    assert timer(rig)[0] == 0, "what we send tells nothing new"


def test_what_is_no_timer_of_whatsapp_s_sets_none(rig: Rig) -> None:
    indexed(rig, PHONE, context=Context(expires_in=86_400))
    indexed(rig, PHONE, content=Timer(2**32 - 1))
    indexed(rig, PHONE, context=Context(expires_in=2**32 - 1))
    assert timer(rig)[0] == 86_400


def test_a_timer_of_ours_counts_once_it_has_gone_out(rig: Rig) -> None:
    message = indexed(rig, PHONE, OUT, Timer(86_400))
    assert timer(rig) == (0, 0)
    failed = replace(message, status=MessageStatus.FAILED, version=1)
    rig.chats.index(told(failed))
    assert timer(rig) == (0, 0)
    rig.chats.index(told(replace(message, status=MessageStatus.SENT, version=2)))
    assert timer(rig) == (86_400, NOW // 1000)


def test_a_person_has_one_chat_once_the_lid_is_known(rig: Rig) -> None:
    first = indexed(rig, PHONE, OUT)
    assert set(rig.stores.chats.rows) == {(SESSION.uid, PHONE)}
    answer = indexed(rig, PHONE, IN, chat_lid=LID)
    second = indexed(rig, PHONE, OUT)
    assert set(rig.stores.chats.rows) == {(SESSION.uid, LID)}
    assert rig.stores.chats.rows[SESSION.uid, LID].last == second.id
    assert listed(rig, chat=PHONE) == [second.id, answer.id, first.id]


def test_what_the_table_refuses_for_good_keeps_no_event_from_being_told(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(error: Exception) -> None:
        def note(*_: object, **__: object) -> bool:
            raise error

        monkeypatch.setattr(rig.stores.chats, "note", note)

    message = put(rig, PHONE)
    refuse(Rejected("no", "ValidationException"))
    rig.chats.index(told(message))
    assert "can't be found by its chat" in caplog.text
    for error in (Unavailable(), Misconfigured("no", "AccessDenied")):
        refuse(error)
        with pytest.raises(type(error)):
            rig.chats.index(told(message))


def test_what_its_owner_read_on_the_phone_is_unread_no_more(rig: Rig) -> None:
    first, second, third = (indexed(rig, PHONE, chat_lid=LID) for _ in range(3))
    rig.chats.index(told(replace(second, version=1, status=MessageStatus.READ)))
    assert rig.stores.chats.rows[SESSION.uid, LID].read_to == second.id
    assert rig.chats.read(first) == 1, "the third"
    assert rig.chats.read(third) == 0


def test_what_came_in_is_seen_once_it_was_marked_as_read_here_or_on_another_device(rig: Rig) -> None:
    first, second = indexed(rig, PHONE, chat_lid=LID), indexed(rig, PHONE, chat_lid=LID)
    other, elsewhere = indexed(rig, GROUP), indexed(rig, GROUP, status=MessageStatus.READ)
    ours = indexed(rig, PHONE, OUT, chat_lid=LID)
    unread = indexed(rig, GROUP)
    everything = [first, second, other, elsewhere, ours, unread]
    assert rig.chats.seen([first, second, ours]) == {ours.id}
    rig.chats.read(first)
    assert rig.chats.seen(everything) == {first.id, other.id, elsewhere.id, ours.id}
    assert rig.chats.seen([]) == frozenset()


def test_what_is_read_before_its_chat_is_kept_is_seen_all_the_same(rig: Rig) -> None:
    message = put(rig, PHONE, chat_lid=LID)
    assert rig.chats.read(message) == 0
    rig.chats.index(told(message))
    assert rig.chats.seen([message]) == {message.id}


def chats(rig: Rig, limit: int = 9, cursor: str | None = None) -> tuple[list[ChatEntry], str | None]:
    return rig.chat_list.page("default", "ana", limit=limit, cursor=cursor)


def test_chats_are_listed_by_their_newest_messages(rig: Rig) -> None:
    first = indexed(rig, PHONE, sender=Party(name="Bo"), chat_lid=LID)
    second = indexed(rig, GROUP)
    third = indexed(rig, "628777000009@s.whatsapp.net", OUT)
    fourth = indexed(rig, PHONE, OUT, chat_lid=LID)
    told, cursor = chats(rig)
    assert [(one.jid, one.last, one.unread) for one in told] == [
        (PHONE, fourth, 1),
        (third.chat, third, 0),
        (GROUP, second, 1),
    ]
    assert (told[0].chat.name, told[0].lid, cursor) == ("Bo", LID, None)
    assert first.id < second.id


def test_the_list_of_chats_has_pages(rig: Rig) -> None:
    ids = [indexed(rig, f"62877700000{number}@s.whatsapp.net").id for number in range(5)]
    told, cursor = chats(rig, limit=2)
    following, last = chats(rig, limit=3, cursor=cursor)
    assert [one.chat.last for one in (*told, *following)] == ids[::-1]
    assert (cursor, last) == (ids[3], None)
    assert chats(rig, cursor=ids[0]) == ([], None)


def test_a_chat_is_listed_after_its_newest_message_has_expired(rig: Rig) -> None:
    indexed(rig, PHONE, chat_lid=LID)
    rig.clock.now += KEPT + 1
    ((entry,), _) = chats(rig)
    assert (entry.jid, entry.lid, entry.last) == (PHONE, LID, None)
    rig.clock.now += CHAT_KEPT
    assert chats(rig) == ([], None)


def test_unread_messages_of_a_list_of_chats_are_counted_up_to_a_hundred(rig: Rig) -> None:
    for _ in range(MOST_COUNTED + 5):
        indexed(rig, PHONE)
    ((entry,), _) = chats(rig)
    assert entry.unread == MOST_COUNTED


def test_a_group_is_called_by_its_subject_whoever_wrote_last(rig: Rig) -> None:
    indexed(rig, GROUP, content=GroupEvent(GroupChange.ADDED, value="Kopi"))
    indexed(rig, GROUP, sender=Party(name="Bo"))
    assert chats(rig)[0][0].chat.name == "Kopi"
    indexed(rig, GROUP, content=GroupEvent(GroupChange.DESCRIPTION, value="Every day"))
    indexed(rig, GROUP, content=GroupEvent(GroupChange.SUBJECT, value="Teh"))
    assert chats(rig)[0][0].chat.name == "Teh"


def test_chats_of_another_tenant_s_session_are_not_there(rig: Rig) -> None:
    with pytest.raises(SessionNotFound):
        rig.chat_list.page("acme", "ana", limit=9, cursor=None)


def test_it_is_known_when_messages_last_came_in_and_went_out(rig: Rig) -> None:
    received = indexed(rig, PHONE, created_at=NOW + 5)
    written = put(rig, PHONE, OUT)
    rig.chats.index(told(written))
    assert rig.chats.last(SESSION.uid) == LastMessages(inbound=received.created_at), "what is queued hasn't gone out"
    sending = advance(written, MessageStatus.SENDING, now=NOW + 7, event_id="E7")
    rig.chats.index(told(sending))
    # What it is told of last may come without the steps before.
    delivered = advance(sending, MessageStatus.DELIVERED, now=NOW + 8, event_id="E8")
    rig.chats.index(told(delivered))
    rig.chats.index(told(advance(delivered, MessageStatus.READ, now=NOW + 99, event_id="E9")))
    assert rig.chats.last(SESSION.uid) == LastMessages(NOW + 5, NOW + 8)


def test_what_the_account_s_other_devices_write_goes_out_when_they_say_so(rig: Rig) -> None:
    indexed(rig, PHONE, OUT, copied=True, status=MessageStatus.SENT, created_at=NOW + 3)
    assert rig.chats.last(SESSION.uid) == LastMessages(outbound=NOW + 3)


def distributed(rig: Rig, message: Message) -> IndexEntries:
    """Distribute a message's event as the fan-out does; return what was written with the event."""
    history = History(rig.stores.history)
    written = history.record(told(message), rig.chats.entries(told(message)))
    rig.chats.index(told(message), written)
    return written


def test_what_is_written_with_the_event_is_what_is_written_by_itself(rig: Rig) -> None:
    first, second = put(rig, PHONE, chat_lid=LID), put(rig, GROUP, OUT)
    other = Rig()
    for message in (first, second):
        assert distributed(rig, message).pointing == Pointing(message)
        other.chats.index(told(message))
    assert rig.stores.chats == other.stores.chats
    assert [rig.stores.chats.rows, rig.stores.chats.passages] != [{}, {}]


def test_a_process_says_when_messages_passed_only_if_it_knows_of_no_newer_one(rig: Rig) -> None:
    newest = put(rig, PHONE)
    assert distributed(rig, newest).passed == Passed(IN, NOW)
    assert distributed(rig, newest).passed is None, "it is told again"
    assert distributed(rig, put(rig, PHONE, created_at=NOW - 1)).passed is None
    rig.stores.chats.passed(SESSION.uid, IN, NOW + 9)
    begun = msgspec.structs.replace(rig.chats, passages=OrderedDict())
    assert begun.entries(told(put(rig, PHONE, created_at=NOW + 8))).passed is None, "another process has told"
    assert rig.chats.last(SESSION.uid) == LastMessages(inbound=NOW + 9)


def test_what_could_not_be_written_is_written_when_the_event_comes_again(rig: Rig) -> None:
    message = put(rig, PHONE)
    append, rig.stores.history.append = rig.stores.history.append, _away  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        distributed(rig, message)
    rig.stores.history.append = append  # type: ignore[method-assign]
    assert distributed(rig, message) == IndexEntries(Pointing(message), Passed(IN, NOW))


def _away(*_: object, **__: object) -> None:
    raise Unavailable


def test_an_event_whose_entries_the_table_refuses_is_kept_without_them(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    message, point = put(rig, PHONE), rig.stores.chats.point
    rig.stores.chats.point = _refused  # type: ignore[method-assign]
    assert distributed(rig, message) == NO_ENTRIES
    assert rig.stores.history.get(message.uid, "c1")
    assert "can't be found by its chat" in caplog.text
    rig.stores.chats.point = point  # type: ignore[method-assign]
    rig.stores.history.append = _refused  # type: ignore[method-assign]
    with pytest.raises(Rejected):
        History(rig.stores.history).record(told(message))


def _refused(*_: object, **__: object) -> None:
    raise Rejected("no", "ValidationException")
