"""Asking the worker, and its answers."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.errors import (
    AnswerNotReady,
    AnswerRefused,
    GatewayError,
    SessionDisabled,
    SessionNotConnected,
    SessionNotFound,
    TooFast,
    TooManyQuestions,
)
from chalicelib.domain.limits import Pace
from chalicelib.domain.questions import (
    LASTS,
    PLACES,
    Composing,
    Contact,
    Group,
    GroupList,
    IncomingCall,
    MarkRead,
    Question,
    Subject,
    Typing,
)
from chalicelib.domain.ring import ANYTHING, Ring
from chalicelib.domain.session import Desired, Session, Status
from chalicelib.services.ports import Unavailable
from tests.composition import Rig, Stores
from tests.fakes import FakeMailboxes
from tests.fakes.questions import MemoryQuestions
from tests.makers import DEVICE, a_running_session

THERE = Contact(exists=True, jid="628111111111@s.whatsapp.net")
SESSION = a_running_session(device=DEVICE)


class Harness:
    """Who asks, and a worker that answers while somebody waits."""

    def __init__(self, session: Session = SESSION, rig: Rig | None = None) -> None:
        self.rig = rig or Rig()
        self.rig.stores.sessions.rows[session.uid] = session
        self.store = self.rig.stores.questions
        self.asking, self.answering = self.rig.questions, self.rig.answering

    def answers(self, work: Callable[[Question], object], *, epoch: int = 1) -> None:
        def look() -> None:
            for question in self.answering.owed(SESSION.uid, epoch=epoch):
                taken = self.answering.take(question, epoch=epoch)
                if taken:
                    work(taken)

        self.rig.while_waiting = look


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_a_number_is_answered_for_and_nothing_is_left_behind(harness: Harness) -> None:
    seen: list[Question] = []

    def work(question: Question) -> None:
        seen.append(question)
        harness.answering.answer(question, THERE)

    harness.answers(work)
    began = harness.rig.clock()
    assert harness.asking.contact("default", "ana", "628111111111") == THERE
    assert [(one.subject, one.number) for one in seen] == [(Subject.NUMBER, "628111111111")]
    assert harness.rig.mailboxes.rung == [SESSION.mailbox]
    assert harness.store.rows == {}
    assert harness.rig.clock() - began < 200


def test_groups_are_answered_for(harness: Harness) -> None:
    groups = [Group("1@g.us", "Kopi", "Jam 9", "628111111111@s.whatsapp.net", 1_795_237_551)]
    harness.answers(lambda question: harness.answering.answer(question, groups))
    assert harness.asking.groups("default", "ana") == GroupList(tuple(groups))


def test_whatsapp_is_told_what_is_no_question(harness: Harness) -> None:
    told: list[Question] = []

    def work(question: Question) -> None:
        told.append(question)
        harness.answering.answer(question, None)

    harness.answers(work)
    reads = [MarkRead("1@g.us", "200@lid", ("3A1", "3A2")), MarkRead("1@g.us", "201@lid", ("3A3",))]
    typing, call = Typing("200@lid", Composing.RECORDING), IncomingCall("C1", "200@lid")
    harness.asking.mark_read("default", "ana", reads)
    harness.asking.show_typing("default", "ana", typing)
    harness.asking.show_online("default", "ana", online=False)
    harness.asking.reject_call("default", "ana", call)
    assert [one.subject for one in told] == [Subject.READ, Subject.TYPING, Subject.PRESENCE, Subject.CALL]
    assert (told[0].reads, told[1].typing, told[2].online, told[3].call) == (tuple(reads), typing, False, call)
    assert harness.store.rows == {}


def test_what_whatsapp_is_told_takes_no_question_s_place(harness: Harness) -> None:
    now = harness.rig.clock()
    for place in range(PLACES):
        harness.store.put(Question(SESSION.uid, f"Q{place}", Subject.GROUPS, now, place=place), now=now)
    harness.answers(lambda question: harness.answering.answer(question, None))
    harness.asking.show_online("default", "ana", online=True)
    assert len(harness.store.rows) == PLACES


def test_what_isn_t_answered_in_time_may_be_asked_again(harness: Harness) -> None:
    began = harness.rig.clock()
    with pytest.raises(AnswerNotReady) as refused:
        harness.asking.contact("default", "ana", "628111111111")
    assert refused.value.retry_after == 5
    assert LASTS <= harness.rig.clock() - began < LASTS + 500
    assert harness.store.rows == {}


def test_an_answer_that_comes_too_late_is_nobody_s(harness: Harness) -> None:
    late: list[Question] = []
    harness.answers(late.append)
    with pytest.raises(AnswerNotReady):
        harness.asking.contact("default", "ana", "628111111111")
    assert len(late) == 1
    assert harness.answering.answer(late[0], THERE) is None
    assert harness.store.rows == {}


def test_a_refusal_of_whatsapp_s_is_told(harness: Harness) -> None:
    harness.answers(lambda question: harness.answering.refuse(question, "WhatsApp refused to answer (error 403)."))
    with pytest.raises(AnswerRefused, match="403"):
        harness.asking.groups("default", "ana")
    assert harness.store.rows == {}


def test_a_worker_takes_a_question_once(harness: Harness) -> None:
    question = Question(SESSION.uid, "Q", Subject.GROUPS, harness.rig.clock())
    harness.store.put(question, now=harness.rig.clock())
    assert harness.answering.take(question, epoch=1)
    assert harness.answering.take(question, epoch=1) is None
    assert harness.answering.owed(SESSION.uid, epoch=1) == []
    assert [one.id for one in harness.answering.owed(SESSION.uid, epoch=2)] == ["Q"]


def test_a_question_is_not_taken_once_it_has_expired(harness: Harness) -> None:
    question = Question(SESSION.uid, "Q", Subject.GROUPS, harness.rig.clock())
    harness.store.put(question, now=harness.rig.clock())
    harness.rig.clock.now += LASTS
    assert harness.answering.take(question, epoch=1) is None


def test_questions_are_answered_in_the_order_they_were_asked_in(harness: Harness) -> None:
    now = harness.rig.clock()
    for place, name in enumerate(("Q3", "Q1", "Q2")):
        harness.store.put(Question(SESSION.uid, name, Subject.GROUPS, now, place=place), now=now)
    assert [one.id for one in harness.answering.owed(SESSION.uid, epoch=1)] == ["Q1", "Q2", "Q3"]


def test_there_are_never_more_questions_open_than_places(harness: Harness) -> None:
    now = harness.rig.clock()
    for place in range(PLACES):
        harness.store.put(Question(SESSION.uid, f"Q{place}", Subject.GROUPS, now, place=place), now=now)
    with pytest.raises(TooManyQuestions) as refused:
        harness.asking.contact("default", "ana", "628111111111")
    assert (refused.value.status, refused.value.retry_after) == (429, 1)
    harness.store.remove(harness.store.rows[SESSION.uid, "Q", 5])
    harness.answers(lambda question: harness.answering.answer(question, THERE))
    assert harness.asking.contact("default", "ana", "628111111111") == THERE


def test_who_asks_too_fast_is_told_when_to_go_on(harness: Harness) -> None:
    harness.rig.stores.paces.pace = Pace(burst=2, per_minute=20)
    harness.answers(lambda question: harness.answering.answer(question, THERE))
    for _ in range(2):
        harness.asking.contact("default", "ana", "628111111111")
    with pytest.raises(TooFast) as refused:
        harness.asking.groups("default", "ana")
    assert refused.value.retry_after in {2, 3}
    assert len(harness.rig.mailboxes.rung) == 2


@pytest.mark.parametrize(
    ("session", "error"),
    [
        (replace(SESSION, enabled=False), SessionDisabled),
        (replace(SESSION, status=Status.DISCONNECTED), SessionNotConnected),
        (replace(SESSION, desired=Desired.STOPPED), SessionNotConnected),
        (replace(SESSION, id="another"), SessionNotFound),
        (replace(SESSION, tenant="another"), SessionNotFound),
    ],
)
def test_only_a_session_that_is_connected_is_asked(session: Session, error: type[GatewayError]) -> None:
    harness = Harness(session)
    with pytest.raises(error):
        harness.asking.contact("default", "ana", "628111111111")
    assert (harness.store.rows, harness.rig.stores.paces.full_at, harness.rig.mailboxes.rung) == ({}, {}, [])


class Flaky(MemoryQuestions):
    """A table that doesn't answer the first looks, nor the last removal."""

    looks = 0

    def get(self, question: Question) -> Question | None:
        self.looks += 1
        if self.looks < 3:
            raise Unavailable
        return super().get(question)

    def remove(self, question: Question) -> None:
        raise Unavailable


class Mute(FakeMailboxes):
    """Mailboxes that can't be rung."""

    def ring(self, mailbox: str, ring: Ring = ANYTHING) -> None:
        raise Unavailable


def test_a_ring_a_look_and_a_removal_that_fail_cost_only_time() -> None:
    harness = Harness(rig=Rig(stores=Stores(questions=Flaky()), mailboxes=Mute()))
    harness.answers(lambda question: harness.answering.answer(question, THERE))
    assert harness.asking.contact("default", "ana", "628111111111") == THERE


def test_what_was_put_back_is_asked_again(harness: Harness) -> None:
    times: list[Question] = []

    def work(question: Question) -> None:
        times.append(question)
        if len(times) == 1:
            harness.answering.put_back(question)
        else:
            harness.answering.answer(question, THERE)

    harness.answers(work)
    assert harness.asking.contact("default", "ana", "628111111111") == THERE
