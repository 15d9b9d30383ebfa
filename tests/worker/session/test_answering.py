"""Answering what is asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chalicelib.domain.questions import (
    LASTS,
    Composing,
    Contact,
    Group,
    GroupList,
    IncomingCall,
    MarkRead,
    Question,
    State,
    Subject,
    Typing,
    taken,
)
from chalicelib.worker.log import Log
from chalicelib.worker.session.answering import Answerer
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.recipients import Recipients
from chalicelib.worker.whatsapp.errors import NoConnection, WhatsAppRefused
from tests.worker.harness import ScriptedClient, WorkerHarness
from tests.worker.outside import now
from tests.worker.threads import until

pytestmark = pytest.mark.subprocess


@dataclass
class Counter:
    """An answerer, its client and what it is asked."""

    harness: WorkerHarness
    lease: HeldLease
    client: ScriptedClient
    answerer: Answerer
    answers: dict[str, Exception] = field(default_factory=dict)

    def put(self, number: str, *, place: int = 0, ago: int = 0) -> Question:
        uid = self.harness.session.uid
        question = Question(uid, f"Q-{number}", Subject.NUMBER, now() - ago, place=place, number=number)
        assert self.harness.outside.questions.put(question, now=now())
        return question

    def ask(self, number: str) -> Contact:
        if number in self.answers:
            raise self.answers[number]
        return Contact(exists=True, jid=f"{number}@s.whatsapp.net")

    def stands(self, place: int = 0) -> Question:
        return self.harness.outside.questions.rows[self.harness.session.uid, "Q", place]

    def become(self, state: State, *, place: int = 0) -> Question:
        until(lambda: self.stands(place).state is state)
        return self.stands(place)

    def open(self) -> None:
        self.answerer.start(self.client)
        self.answerer.allow(online=True)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    harness = WorkerHarness(tmp_path, linked=True)
    reporter, lease = harness.reporter()
    client = ScriptedClient(harness.events, ())
    people = Recipients(harness.session.uid, harness.outside.identities, Log())
    answerer = Answerer(reporter, lease, harness.outside.answering, harness.events, Log(), people=people)
    made = Counter(harness, lease, client, answerer)
    client.ask = made.ask
    yield made
    made.answerer.stop()


def asked(counter: Counter) -> list[str]:
    return [call for call in counter.client.calls if call != "is_connected"]


def test_a_number_is_asked_about_and_the_answer_written(counter: Counter) -> None:
    counter.put("628111")
    counter.open()
    answered = counter.become(State.ANSWERED)
    assert answered.contact == Contact(exists=True, jid="628111@s.whatsapp.net")
    assert answered.epoch == counter.harness.now.epoch


def test_the_groups_are_asked_for(counter: Counter) -> None:
    counter.harness.outside.questions.put(Question(counter.harness.session.uid, "Q", Subject.GROUPS, now()), now=now())
    counter.open()
    assert counter.become(State.ANSWERED).groups == GroupList((Group("1@g.us", "Kopi"),))


READ = MarkRead("628@s.whatsapp.net", "628@s.whatsapp.net", ("3A01", "3A02"))
TYPING, CALL = Typing("628@s.whatsapp.net", Composing.RECORDING), IncomingCall("C1", "628@s.whatsapp.net")


@pytest.mark.parametrize(
    ("subject", "about", "told"),
    [
        (Subject.READ, {"reads": (READ, READ)}, [READ, READ]),
        (Subject.TYPING, {"typing": TYPING}, [TYPING]),
        (Subject.PRESENCE, {"online": False}, [False]),
        (Subject.CALL, {"call": CALL}, [CALL]),
    ],
)
def test_what_is_no_message_is_told(counter: Counter, subject: Subject, about: dict[str, Any], told: Any) -> None:
    question = Question(counter.harness.session.uid, "Q", subject, now(), **about)
    counter.harness.outside.questions.put(question, now=now())
    counter.open()
    until(lambda: counter.client.told == told)
    until(lambda: next(iter(counter.harness.outside.questions.rows.values())).state is State.ANSWERED)


def test_a_question_is_answered_once_however_often_it_is_rung_for(counter: Counter) -> None:
    counter.open()
    counter.put("628111")
    for _ in range(5):
        counter.answerer.ring()
    counter.become(State.ANSWERED)
    counter.answerer.ring()
    counter.put("628222", place=1)
    counter.answerer.ring()
    counter.become(State.ANSWERED, place=1)
    assert asked(counter) == ["contact 628111", "contact 628222"]


def test_nobody_asks_for_somebody_who_has_gone(counter: Counter) -> None:
    counter.put("628111", ago=LASTS)
    counter.put("628222", place=1)
    counter.open()
    counter.become(State.ANSWERED, place=1)
    assert asked(counter) == ["contact 628222"]
    assert counter.stands().state is State.OPEN


def test_a_question_that_a_lost_worker_took_is_answered_by_the_next(counter: Counter) -> None:
    before = counter.harness.now.epoch - 1
    question = counter.put("628111")
    counter.harness.outside.questions.move(taken(question, epoch=before))
    counter.open()
    assert counter.become(State.ANSWERED).epoch == before + 1


def test_nothing_is_asked_while_the_connection_is_lost_and_all_of_it_afterwards(counter: Counter) -> None:
    counter.put("628111")
    counter.answerer.start(counter.client)
    counter.answerer.ring()
    until(lambda: not counter.answerer._look.is_set())
    assert asked(counter) == []
    counter.answerer.allow(online=True)
    counter.become(State.ANSWERED)


def test_a_session_that_was_never_connected_is_looked_through_only_when_somebody_rings(counter: Counter) -> None:
    counter.put("628111")
    counter.answerer.start(counter.client, fresh=True)
    counter.answerer.allow(online=True)
    assert not counter.answerer._look.is_set()
    assert counter.stands().state is State.OPEN
    counter.answerer.ring()
    counter.become(State.ANSWERED)


def test_what_was_rung_for_before_the_first_connection_is_done_with_it(counter: Counter) -> None:
    counter.answerer.start(counter.client, fresh=True)
    counter.put("628111")
    counter.answerer.ring()
    until(lambda: not counter.answerer._look.is_set())
    assert asked(counter) == []
    counter.answerer.allow(online=True)
    counter.become(State.ANSWERED)


def test_what_no_connection_could_answer_is_open_again(counter: Counter) -> None:
    counter.answers["628111"] = NoConnection()
    counter.put("628111")
    counter.open()
    until(lambda: counter.stands().version == 2)
    assert counter.stands().state is State.OPEN
    counter.answers.clear()
    counter.answerer.ring()
    counter.become(State.ANSWERED)


def test_a_refusal_is_written_and_the_next_question_answered(counter: Counter) -> None:
    counter.answers["628111"] = WhatsAppRefused("No.")
    counter.put("628111")
    counter.put("628222", place=1)
    counter.open()
    counter.become(State.ANSWERED, place=1)
    assert (counter.stands().state, counter.stands().failure) == (State.REFUSED, "No.")


def test_what_breaks_it_is_not_the_end_of_answering(counter: Counter) -> None:
    counter.answers["628111"] = ValueError()
    counter.put("628111")
    counter.put("628222", place=1)
    counter.open()
    counter.become(State.ANSWERED, place=1)
    assert (counter.stands().state, counter.stands().failure) == (State.REFUSED, "The WhatsApp client couldn't ask.")


def test_an_ending_doesn_t_wait_for_whatsapp(counter: Counter) -> None:
    began, goes_on = Event(), Event()

    def ask(_: str) -> Contact:
        began.set()
        goes_on.wait(60)
        return Contact(exists=False)

    counter.client.ask = ask
    counter.put("628111")
    counter.put("628222", place=1)
    counter.open()
    began.wait(60)
    counter.answerer.stop()
    goes_on.set()
    counter.become(State.ANSWERED)
    assert asked(counter) == ["contact 628111"]


def test_nothing_is_asked_once_the_lease_is_given_back(counter: Counter) -> None:
    counter.lease.release()
    counter.put("628111")
    counter.open()
    until(lambda: not counter.answerer._look.is_set())
    assert (asked(counter), counter.stands().state) == ([], State.OPEN)
