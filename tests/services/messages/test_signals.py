"""What others are shown of an account."""

from typing import Any

import pytest

from chalicelib.domain import content as k
from chalicelib.domain import errors as e
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party
from chalicelib.domain.questions import Composing, IncomingCall, MarkRead, Question, Subject, Typing
from tests.composition import Rig
from tests.makers import a_running_session
from tests.services.messages.test_chats import GROUP, LID, PHONE, indexed

SESSION = a_running_session()
BO = Party("628777000001", "200000000000002")


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.stores.sessions.rows[SESSION.uid] = SESSION
    return rig


@pytest.fixture
def told(rig: Rig) -> list[Question]:
    """What a worker has told WhatsApp, which answers at once."""
    found: list[Question] = []

    def work() -> None:
        for question in rig.answering.owed(SESSION.uid, epoch=1):
            taken = rig.answering.take(question, epoch=1)
            assert taken
            found.append(taken)
            rig.answering.answer(taken, None)

    rig.while_waiting = work
    return found


def received(rig: Rig, chat: str = PHONE, **fields: Any) -> Message:
    number = len(rig.stores.messages.rows)
    about = {"whatsapp_id": f"3A{number}", "sender": BO, "chat_lid": LID if chat == PHONE else None}
    return indexed(rig, chat, Direction.INBOUND, **{**about, **fields})


def test_what_came_before_in_the_chat_is_read_too(rig: Rig, told: list[Question]) -> None:
    for _ in range(2):
        received(rig)
    received(rig, GROUP)
    indexed(rig, PHONE, Direction.OUTBOUND, chat_lid=LID, status=MessageStatus.SENT, whatsapp_id="3EB0")
    last = received(rig)
    newer = received(rig)
    assert rig.signals.mark_read("default", "ana", last.id) == (last, 1)
    assert rig.signals.mark_read("default", "ana", newer.id) == (newer, 0)
    assert [one.reads for one in told] == [
        (MarkRead(LID, LID, ("3A4", "3A1", "3A0")),),
        (MarkRead(LID, LID, ("3A5",)),),
    ]


def test_a_voice_message_is_played_alone(rig: Rig, told: list[Question]) -> None:
    received(rig)
    voice = received(rig, content=k.Audio(voice=True))
    rig.signals.mark_read("default", "ana", voice.id, played=True)
    assert told[0].reads == (MarkRead(LID, LID, ("3A1",), played=True),)


def test_what_the_account_wrote_itself_is_not_marked(rig: Rig, told: list[Question]) -> None:
    mine = indexed(rig, PHONE, Direction.OUTBOUND, status=MessageStatus.SENT, whatsapp_id="3EB0")
    with pytest.raises(e.NotReceived):
        rig.signals.mark_read("default", "ana", mine.id)
    with pytest.raises(e.MessageNotFound):
        rig.signals.mark_read("default", "ana", "M9999")
    assert told == []


def test_what_whatsapp_couldn_t_be_told_stays_unread(rig: Rig) -> None:
    message = received(rig)
    with pytest.raises(e.AnswerNotReady):
        rig.signals.mark_read("default", "ana", message.id)
    assert rig.chats.read_to(message) == ""


def test_typing_and_being_online_are_shown(rig: Rig, told: list[Question]) -> None:
    rig.signals.show_typing("default", "ana", GROUP, Composing.RECORDING)
    rig.signals.show_online("default", "ana", online=False)
    assert (told[0].typing, told[1].online) == (Typing(GROUP, Composing.RECORDING), False)


def test_the_call_that_a_message_tells_of_is_rejected(rig: Rig, told: list[Question]) -> None:
    call = received(rig, content=k.PhoneCall("C1"))
    assert rig.signals.reject_call("default", "ana", call.id) == call
    assert (told[0].subject, told[0].call) == (Subject.CALL, IncomingCall("C1", LID))
    with pytest.raises(e.NotACall):
        rig.signals.reject_call("default", "ana", received(rig).id)
