"""Chats and their pointers, in the table and in memory."""

from dataclasses import replace

import pytest

from chalicelib.adapters.dynamodb.chats import DynamoChats
from chalicelib.domain.chats import (
    CHAT_KEPT,
    Chat,
    ChatTimer,
    IndexEntries,
    LastMessages,
    Passed,
    Pointer,
    Pointing,
)
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction
from tests.makers import NOW, a_message

CHAT = Chat("uid", "2@lid", "628777000001@s.whatsapp.net", "2@lid", "Bo", last="M2", last_inbound="M2")
IDS = ("M1", "M2", "M3", "M4")


def point(stores, key="2@lid", *, ids=IDS, unread=IDS):
    for one in ids:
        pointer = Pointer(one, Direction.INBOUND, "text")
        stores.chats.point("uid", key, pointer, unread=one in unread, until=NOW + 1_000)


def test_a_chat_is_new_once_and_comes_back_as_it_went_in(stores):
    assert stores.chats.note(CHAT, now=NOW)
    assert not stores.chats.note(CHAT, now=NOW)
    assert stores.chats.get("uid", "2@lid") == CHAT
    assert stores.chats.get("another", "2@lid") is None
    assert stores.chats.note(replace(CHAT, key="1-2@g.us", lid=None, name=None), now=NOW)


def test_a_chat_only_moves_on(stores):
    stores.chats.note(CHAT, now=NOW)
    stores.chats.note(replace(CHAT, name="Bö", last="M1", last_inbound="M1"), now=NOW)
    assert stores.chats.get("uid", "2@lid") == CHAT
    stores.chats.note(replace(CHAT, name=None, lid=None, last="M4", last_inbound=""), now=NOW)
    assert stores.chats.get("uid", "2@lid") == replace(CHAT, last="M4")
    stores.chats.note(replace(CHAT, name="Bö", last="M3", last_inbound="M3"), now=NOW)
    assert stores.chats.get("uid", "2@lid") == replace(CHAT, name="Bö", last="M4", last_inbound="M3")


def test_a_chat_is_read_further_and_never_back(stores):
    stores.chats.read("uid", "2@lid", "M1")
    assert stores.chats.get("uid", "2@lid") is None
    stores.chats.note(CHAT, now=NOW)
    for one in ("M2", "M1"):
        stores.chats.read("uid", "2@lid", one)
    stores.chats.note(replace(CHAT, last="M3"), now=NOW)
    assert stores.chats.get("uid", "2@lid") == replace(CHAT, last="M3", read_to="M2")
    assert [one.read_to for one in stores.chats.many("uid", ["2@lid", "nobody@lid"])] == ["M2"]


def test_a_chat_s_timer_is_the_one_that_the_newest_message_told_also_none(stores):
    stores.chats.time("uid", "2@lid", ChatTimer(86_400, "M1", 7))
    assert stores.chats.get("uid", "2@lid") is None
    stores.chats.note(CHAT, now=NOW)
    for timer in (ChatTimer(604_800, "M3"), ChatTimer(86_400, "M2", 7)):
        stores.chats.time("uid", "2@lid", timer)
    assert stores.chats.get("uid", "2@lid") == replace(CHAT, timer=604_800, timer_by="M3")
    stores.chats.note(replace(CHAT, last="M4"), now=NOW)
    stores.chats.time("uid", "2@lid", ChatTimer(0, "M4", 9))
    stands = stores.chats.get("uid", "2@lid")
    assert (stands.last, stands.timer, stands.timer_set_at, stands.timer_by) == ("M4", 0, 9, "M4")


def test_of_two_timers_told_in_one_second_the_later_one_counts_whichever_id_is_greater(stores):
    stores.chats.note(CHAT, now=NOW)
    for timer in (ChatTimer(86_400, "01KAJ2Y5B4ZZZZZZZZZZZZZZZZ"), ChatTimer(0, "01KAJ2Y5B4AAAAAAAAAAAAAAAA")):
        stores.chats.time("uid", "2@lid", timer)
    assert stores.chats.get("uid", "2@lid").timer == 0


def test_a_session_s_chats_are_all_there_until_they_expire(stores):
    stores.chats.note(CHAT, now=NOW)
    stores.chats.note(replace(CHAT, key="1-2@g.us", jid="1-2@g.us", lid=None), now=NOW + 60_000)
    stores.chats.note(replace(CHAT, uid="another"), now=NOW)
    point(stores)
    assert {one.key for one in stores.chats.kept("uid", now=NOW, most=9)} == {"2@lid", "1-2@g.us"}
    assert len(stores.chats.kept("uid", now=NOW, most=1)) == 1
    assert [one.key for one in stores.chats.kept("uid", now=NOW + CHAT_KEPT, most=9)] == ["1-2@g.us"]
    assert stores.chats.kept("nobody", now=NOW, most=9) == []


def test_unread_messages_are_counted_after_what_was_read(stores):
    stores.chats.note(CHAT, now=NOW)
    point(stores, unread=("M1", "M3", "M4"))
    assert stores.chats.unread(CHAT, most=9) == 3
    assert stores.chats.unread(replace(CHAT, read_to="M1"), most=9) == 2
    assert stores.chats.unread(replace(CHAT, read_to="M1"), most=2) == 1
    assert stores.chats.unread(replace(CHAT, read_to="M4"), most=9) == 0


@pytest.mark.parametrize(
    ("cursor", "newest_first", "ids"),
    [
        (None, True, ["M4", "M3"]),
        (None, False, ["M1", "M2"]),
        ("M3", True, ["M2", "M1"]),
        ("M3", False, ["M4"]),
        ("M1", True, []),
        ("M4", False, []),
    ],
)
def test_pointers_are_read_both_ways_from_behind_a_cursor(stores, cursor, newest_first, ids):
    point(stores)
    point(stores)
    point(stores, "20@lid", ids=("M0", "M9"))
    found = stores.chats.pointers("uid", "2@lid", cursor=cursor, limit=2, newest_first=newest_first)
    assert found == [Pointer(one, Direction.INBOUND, "text") for one in ids]


def test_since_when_there_are_pointers_is_noted_once(stores):
    assert stores.chats.since("uid") is None
    stores.chats.begin("uid", 0)
    stores.chats.begin("uid", NOW)
    assert stores.chats.since("uid") == 0


def test_dynamodb_forgets_them(request):
    table = request.getfixturevalue("table")
    chats = DynamoChats(table)
    chats.note(CHAT, now=NOW)
    chats.note(replace(CHAT, last="M3"), now=NOW + 5_000)
    chats.point("uid", "2@lid", Pointer("M3", Direction.INBOUND, "text"), unread=True, until=NOW + 1_000)
    assert table.get("S#uid", "C#2@lid")["ttl"] == (NOW + 5_000 + CHAT_KEPT) // 1000
    assert table.get("S#uid", "P#2@lid#M3")["ttl"] == (NOW + 1_000) // 1000


def test_when_messages_last_passed_only_moves_on_each_way_for_itself(stores):
    assert stores.chats.last("uid") == LastMessages()
    for at in (NOW, NOW + 2, NOW + 1):
        stores.chats.passed("uid", Direction.INBOUND, at)
    assert stores.chats.last("uid") == LastMessages(inbound=NOW + 2)
    stores.chats.passed("uid", Direction.OUTBOUND, NOW)
    assert stores.chats.last("uid") == LastMessages(inbound=NOW + 2, outbound=NOW)
    assert stores.chats.last("another") == LastMessages()


def test_when_messages_passed_is_also_known_from_what_earlier_versions_wrote(request):
    table = request.getfixturevalue("table")
    table.put({"pk": "S#uid", "sk": "LAST", "inbound": NOW, "outbound": NOW + 7})
    chats = DynamoChats(table)
    assert chats.last("uid") == LastMessages(NOW, NOW + 7)
    chats.passed("uid", Direction.INBOUND, NOW + 5)
    chats.passed("uid", Direction.OUTBOUND, NOW + 5)
    assert chats.last("uid") == LastMessages(NOW + 5, NOW + 7)


def test_entries_are_written_with_their_event_and_again_change_nothing(stores):
    message = a_message(uid="uid", id="M1", chat="3@s.whatsapp.net", chat_lid="3@lid", direction=Direction.INBOUND)
    told = Envelope("E1", "message.received", "default", "ana", "uid", NOW, "c1", {}, message)
    for _ in range(2):
        stores.history.append(told, IndexEntries(Pointing(message), Passed(Direction.INBOUND, NOW)))
        assert stores.history.get("uid", "c1") == replace(told, message=None)
        (pointer,) = stores.chats.pointers("uid", "3@lid", cursor=None, limit=9, newest_first=True)
        assert pointer == Pointer("M1", Direction.INBOUND, "text")
        assert stores.chats.last("uid") == LastMessages(inbound=NOW)
