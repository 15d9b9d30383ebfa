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
from chalicelib.domain.questions import LASTS, PLACES, Contact, Group, GroupList, Question, Subject
from chalicelib.domain.session import Desired, Session, Status
from chalicelib.services.messages.questions import Answering, Questions
from chalicelib.services.ports import Unavailable
from tests.fakes import FakeMailboxes
from tests.fakes.questions import MemoryQuestions
from tests.makers import DEVICE, a_running_session
from tests.services.rig import Rig

THERE = Contact(exists=True, jid="628111111111@s.whatsapp.net")
SESSION = a_running_session(device=DEVICE)


class Office:
    """Who asks, and a worker that answers while somebody waits."""

    def __init__(
        self, session: Session = SESSION, *, store: MemoryQuestions | None = None, rig: Rig | None = None
    ) -> None:
        self.rig = rig or Rig()
        self.rig.store.rows[session.uid] = session
        self.store = store or MemoryQuestions()
        self.asking = Questions(
            self.rig.store,
            self.store,
            self.rig.paces,
            self.rig.mailboxes,
            self.rig.clock,
            self.rig.sleep,
            self.rig.new_id,
        )
        self.answering = Answering(self.store, self.rig.clock)

    def answers(self, work: Callable[[Question], object], *, epoch: int = 1) -> None:
        def look() -> None:
            for question in self.answering.owed(SESSION.uid, epoch=epoch):
                taken = self.answering.take(question, epoch=epoch)
                if taken:
                    work(taken)

        self.rig.while_waiting = look


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_number_is_answered_for_and_nothing_is_left_behind(office: Office) -> None:
    seen: list[Question] = []

    def work(question: Question) -> None:
        seen.append(question)
        office.answering.answer(question, THERE)

    office.answers(work)
    began = office.rig.clock()
    assert office.asking.contact("default", "ana", "628111111111") == THERE
    assert [(one.subject, one.number) for one in seen] == [(Subject.NUMBER, "628111111111")]
    assert office.rig.mailboxes.rung == [SESSION.mailbox]
    assert office.store.rows == {}
    assert office.rig.clock() - began < 200


def test_groups_are_answered_for(office: Office) -> None:
    groups = [Group("1@g.us", "Kopi", "Jam 9", "628111111111@s.whatsapp.net", 1_795_237_551)]
    office.answers(lambda question: office.answering.answer(question, groups))
    assert office.asking.groups("default", "ana") == GroupList(tuple(groups))


def test_what_isn_t_answered_in_time_may_be_asked_again(office: Office) -> None:
    began = office.rig.clock()
    with pytest.raises(AnswerNotReady) as refused:
        office.asking.contact("default", "ana", "628111111111")
    assert refused.value.retry_after == 5
    assert LASTS <= office.rig.clock() - began < LASTS + 500
    assert office.store.rows == {}


def test_an_answer_that_comes_too_late_is_nobody_s(office: Office) -> None:
    late: list[Question] = []
    office.answers(late.append)
    with pytest.raises(AnswerNotReady):
        office.asking.contact("default", "ana", "628111111111")
    assert len(late) == 1
    assert office.answering.answer(late[0], THERE) is None
    assert office.store.rows == {}


def test_a_refusal_of_whatsapp_s_is_told(office: Office) -> None:
    office.answers(lambda question: office.answering.refuse(question, "WhatsApp refused to answer (error 403)."))
    with pytest.raises(AnswerRefused, match="403"):
        office.asking.groups("default", "ana")
    assert office.store.rows == {}


def test_a_worker_takes_a_question_once(office: Office) -> None:
    question = Question(SESSION.uid, "Q", Subject.GROUPS, office.rig.clock())
    office.store.put(question, now=office.rig.clock())
    assert office.answering.take(question, epoch=1)
    assert office.answering.take(question, epoch=1) is None
    assert office.answering.owed(SESSION.uid, epoch=1) == []
    assert [one.id for one in office.answering.owed(SESSION.uid, epoch=2)] == ["Q"]


def test_a_question_is_not_taken_once_it_has_expired(office: Office) -> None:
    question = Question(SESSION.uid, "Q", Subject.GROUPS, office.rig.clock())
    office.store.put(question, now=office.rig.clock())
    office.rig.clock.now += LASTS
    assert office.answering.take(question, epoch=1) is None


def test_questions_are_answered_in_the_order_they_were_asked_in(office: Office) -> None:
    now = office.rig.clock()
    for place, name in enumerate(("Q3", "Q1", "Q2")):
        office.store.put(Question(SESSION.uid, name, Subject.GROUPS, now, place=place), now=now)
    assert [one.id for one in office.answering.owed(SESSION.uid, epoch=1)] == ["Q1", "Q2", "Q3"]


def test_there_are_never_more_questions_open_than_places(office: Office) -> None:
    now = office.rig.clock()
    for place in range(PLACES):
        office.store.put(Question(SESSION.uid, f"Q{place}", Subject.GROUPS, now, place=place), now=now)
    with pytest.raises(TooManyQuestions) as refused:
        office.asking.contact("default", "ana", "628111111111")
    assert (refused.value.status, refused.value.retry_after) == (429, 1)
    office.store.remove(office.store.rows[SESSION.uid, 5])
    office.answers(lambda question: office.answering.answer(question, THERE))
    assert office.asking.contact("default", "ana", "628111111111") == THERE


def test_who_asks_too_fast_is_told_when_to_go_on(office: Office) -> None:
    office.rig.paces.pace = Pace(burst=2, per_minute=20)
    office.answers(lambda question: office.answering.answer(question, THERE))
    for _ in range(2):
        office.asking.contact("default", "ana", "628111111111")
    with pytest.raises(TooFast) as refused:
        office.asking.groups("default", "ana")
    assert refused.value.retry_after in {2, 3}
    assert len(office.rig.mailboxes.rung) == 2


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
    office = Office(session)
    with pytest.raises(error):
        office.asking.contact("default", "ana", "628111111111")
    assert (office.store.rows, office.rig.paces.full_at, office.rig.mailboxes.rung) == ({}, {}, [])


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

    def ring(self, mailbox: str) -> None:
        raise Unavailable


def test_a_ring_a_look_and_a_removal_that_fail_cost_only_time() -> None:
    office = Office(store=Flaky(), rig=Rig(mailboxes=Mute()))
    office.answers(lambda question: office.answering.answer(question, THERE))
    assert office.asking.contact("default", "ana", "628111111111") == THERE


def test_what_was_put_back_is_asked_again(office: Office) -> None:
    times: list[Question] = []

    def work(question: Question) -> None:
        times.append(question)
        if len(times) == 1:
            office.answering.put_back(question)
        else:
            office.answering.answer(question, THERE)

    office.answers(work)
    assert office.asking.contact("default", "ana", "628111111111") == THERE
