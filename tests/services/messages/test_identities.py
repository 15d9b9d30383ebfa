"""One chat for one person."""

from dataclasses import replace

import pytest

from chalicelib.domain.content import Text
from chalicelib.domain.jid import Identity
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party
from chalicelib.services.messages import identities
from chalicelib.services.messages.store import CHUNK, LOOKED_THROUGH, Received, Wanted
from tests.composition import Rig
from tests.makers import DEVICE, NOW, a_message, a_running_session

SESSION = a_running_session(device=DEVICE)
BO = Identity("628777000001", "200000000000002")
PHONE, LID = "628777000001@s.whatsapp.net", "200000000000002@lid"


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.stores.sessions.rows[SESSION.uid] = SESSION
    return rig


def put(rig: Rig, *chats: str, **fields: object) -> None:
    for chat in chats:
        number = len(rig.stores.messages.rows)
        rig.stores.messages.put(a_message(id=f"M{number:04}", created_at=NOW, chat=chat, to=chat, **fields))


def page(rig: Rig) -> list[tuple[str, str | None]]:
    messages, _ = rig.messages.listed("default", "ana", Wanted(50))
    return [(message.chat, message.chat_lid) for message in messages]


def test_what_went_out_to_a_lid_is_in_the_chat_of_the_number_once_that_is_known(rig: Rig) -> None:
    put(rig, LID, PHONE)
    assert page(rig) == [(PHONE, None), (LID, LID)]
    rig.inbox.receive(
        SESSION, Received("3A01", PHONE, Party("628777000001", "200000000000002"), NOW, Text("Hi"), chat_lid=LID)
    )
    assert set(page(rig)) == {(PHONE, LID), (PHONE, None)}


def test_one_message_is_shown_in_the_same_chat_as_in_the_list(rig: Rig) -> None:
    put(rig, LID)
    rig.identities.note(SESSION.uid, BO)
    assert rig.messages.get("default", "ana", "M0000").chat == PHONE


def test_both_forms_of_a_number_are_one_chat(rig: Rig) -> None:
    put(rig, "525574949947@s.whatsapp.net", "5215574949947@s.whatsapp.net")
    rig.identities.note(SESSION.uid, Identity("5215574949947", "2"), also="525574949947@s.whatsapp.net")
    assert page(rig) == [("5215574949947@s.whatsapp.net", "2@lid")] * 2


def test_a_message_of_an_earlier_version_has_its_sender_s_lid(rig: Rig) -> None:
    put(rig, PHONE, direction=Direction.INBOUND, sender=Party("628777000001", "200000000000002"))
    put(rig, "1-2@g.us", direction=Direction.INBOUND, sender=Party("628777000001", "200000000000002"))
    assert page(rig) == [("1-2@g.us", None), (PHONE, LID)]


@pytest.mark.parametrize("name", [PHONE, LID])
def test_a_chat_is_listed_by_either_name(rig: Rig, name: str) -> None:
    put(rig, PHONE, "628999999999@s.whatsapp.net", LID, "1-2@g.us", PHONE)
    rig.identities.note(SESSION.uid, BO)
    found, more = rig.messages.listed("default", "ana", Wanted(50, None, chat=name))
    assert ([message.id for message in found], more) == (["M0004", "M0002", "M0000"], None)
    assert {message.chat for message in found} == {PHONE}


def test_a_chat_is_listed_by_either_form_of_its_number(rig: Rig) -> None:
    put(rig, "5215574949947@s.whatsapp.net")
    rig.identities.note(SESSION.uid, Identity("5215574949947", "2"), also="525574949947@s.whatsapp.net")
    for name in ("525574949947@s.whatsapp.net", "5215574949947@s.whatsapp.net", "2@lid"):
        assert len(rig.messages.listed("default", "ana", Wanted(50, None, chat=name))[0]) == 1


def test_a_chat_is_listed_page_by_page_and_none_is_missed_or_told_twice(rig: Rig) -> None:
    put(rig, *[PHONE, "1-2@g.us"] * 130)
    seen: list[Message] = []
    before: str | None = None
    pages = 0
    while pages == 0 or before:
        found, before = rig.messages.listed("default", "ana", Wanted(40, before, chat=PHONE))
        seen += found
        pages += 1
    assert [message.id for message in seen] == [f"M{number:04}" for number in range(258, -1, -2)]
    assert pages == 4


def test_only_so_many_messages_are_looked_through_at_a_time(rig: Rig) -> None:
    put(rig, PHONE, *["1-2@g.us"] * LOOKED_THROUGH)
    found, before = rig.messages.listed("default", "ana", Wanted(10, None, chat=PHONE))
    assert (found, before) == ([], "M0001")
    found, before = rig.messages.listed("default", "ana", Wanted(10, before, chat=PHONE))
    assert ([message.id for message in found], before) == (["M0000"], None)
    assert LOOKED_THROUGH % CHUNK == 0


def test_what_has_expired_is_in_no_chat(rig: Rig) -> None:
    put(rig, PHONE)
    ((key, message),) = rig.stores.messages.rows.items()
    rig.stores.messages.rows[key] = replace(message, created_at=NOW - 8 * 86_400_000, status=MessageStatus.SENT)
    assert rig.messages.listed("default", "ana", Wanted(10, None, chat=PHONE)) == ([], None)


def test_somebody_is_written_once_until_there_is_news(rig: Rig) -> None:
    rig.identities.note(SESSION.uid, Identity("628777000001"))
    assert rig.stores.identities.rows == {}
    people = identities.Identities(rig.stores.identities, rig.clock)
    people.note(SESSION.uid, BO)
    rig.stores.identities.rows.clear()
    people.note(SESSION.uid, BO)
    assert rig.stores.identities.rows == {}
    people.note(SESSION.uid, replace(BO, lid="3"))
    assert set(rig.stores.identities.rows) == {(SESSION.uid, "3@lid"), (SESSION.uid, PHONE)}


def test_only_what_a_jid_doesn_t_tell_itself_is_written(rig: Rig) -> None:
    note, mexico = rig.identities.note, "5215574949947@s.whatsapp.net"
    for identity, also in ((Identity(lid="2"), None), (Identity("628777000001"), PHONE), (Identity(), "1-2@g.us")):
        note(SESSION.uid, identity, also=also)
    assert rig.stores.identities.rows == {}
    note(SESSION.uid, Identity("5215574949947"), also="525574949947@s.whatsapp.net")
    assert {jid for _, jid in rig.stores.identities.rows} == {mexico, "525574949947@s.whatsapp.net"}


def test_who_is_remembered_as_written_is_bounded(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "NOTED", 2)
    people = identities.Identities(rig.stores.identities, rig.clock)
    for lid in ("1", "2", "3"):
        people.note(SESSION.uid, Identity("628777000001", lid))
    del rig.stores.identities.rows[SESSION.uid, "1@lid"]
    people.note(SESSION.uid, Identity("628777000001", "1"))
    assert list(rig.stores.identities.rows)[-1] == (SESSION.uid, "1@lid"), "written again: it had been let go"


def test_who_somebody_is_is_read_once_in_ten_minutes_and_what_is_not_known_each_time(rig: Rig) -> None:
    known = identities.Identities(rig.stores.identities, rig.clock)
    assert known.lately_of(SESSION.uid, PHONE) is None
    known.note(SESSION.uid, BO)
    assert known.lately_of(SESSION.uid, PHONE) == BO
    rig.stores.identities.forget(SESSION.uid, PHONE)
    rig.clock.now += identities.REMEMBERED_FOR - 1
    assert known.lately_of(SESSION.uid, PHONE) == BO
    rig.clock.now += 1
    assert known.lately_of(SESSION.uid, PHONE) is None
    known.note(SESSION.uid, replace(BO, lid="200000000000003"))
    assert known.lately_of(SESSION.uid, PHONE) == replace(BO, lid="200000000000003")
    known.forget(SESSION.uid, PHONE)
    assert known.lately_of(SESSION.uid, PHONE) is None
