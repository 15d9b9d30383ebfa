"""One suite over the questions in the table and over the tests' fake of them."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamodb.messages import DynamoQuestions, question_to_item
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.table import Condition
from chalicelib.domain import questions as q
from chalicelib.domain.questions import LARGEST, LASTS, Contact, Group, Question, Subject, fitting
from chalicelib.domain.session import ShownPairingCode
from chalicelib.services.ports.messages import QuestionStore
from tests.fakes.questions import MemoryQuestions
from tests.makers import NOW, a_session

ASKED = Question("uid", "Q1", Subject.NUMBER, NOW, place=3, number="628111111111")


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> QuestionStore:
    return MemoryQuestions() if request.param == "memory" else DynamoQuestions(request.getfixturevalue("table"))


def test_a_question_comes_back_as_it_went_in(store: QuestionStore) -> None:
    assert store.put(ASKED, now=NOW)
    assert store.get(ASKED) == ASKED
    assert store.all("uid") == [ASKED]


@pytest.mark.parametrize(
    "told",
    [
        Question("uid", "T1", Subject.READ, NOW, reads=(q.MarkRead("1@g.us", "2@lid", ("3A1", "3A2"), played=True),)),
        Question("uid", "T1", Subject.TYPING, NOW, typing=q.Typing("2@lid", q.Composing.PAUSED)),
        Question("uid", "T1", Subject.PRESENCE, NOW, online=False),
        Question("uid", "T1", Subject.CALL, NOW, call=q.IncomingCall("C1", "2@lid")),
    ],
)
def test_what_whatsapp_is_told_lies_beside_the_questions(store: QuestionStore, told: Question) -> None:
    assert store.put(replace(ASKED, place=0), now=NOW)
    assert store.put(told, now=NOW)
    assert store.get(told) == told
    assert {one.id for one in store.all("uid")} == {"Q1", "T1"}
    assert store.move(q.taken(told, epoch=1))
    store.remove(told)
    assert [one.id for one in store.all("uid")] == ["Q1"]


@pytest.mark.parametrize(
    "asked",
    [
        Question("uid", "L1", Subject.PAIRING_CODE, NOW, number="6281"),
        Question("uid", "L1", Subject.ASSERTION, NOW, assertion="{}"),
        Question("uid", "L1", Subject.CONFIRMATION, NOW, same=True),
    ],
)
def test_what_is_asked_of_a_linking_lies_apart(store: QuestionStore, asked: Question) -> None:
    assert store.put(replace(ASKED, place=0), now=NOW)
    assert store.put(asked, now=NOW)
    assert (store.all("uid"), store.all("uid", linking=True)) == ([replace(ASKED, place=0)], [asked])
    answered = q.answered(q.taken(asked, epoch=1), ShownPairingCode("ABCD-EFGH", "6281", NOW))
    assert store.move(q.taken(asked, epoch=1))
    assert store.move(answered)
    assert store.get(asked) == answered
    store.remove(asked)
    assert store.all("uid", linking=True) == []


def test_a_worker_that_knows_questions_alone_isn_t_shown_what_whatsapp_is_told(
    request: pytest.FixtureRequest,
) -> None:
    table = request.getfixturevalue("table")
    DynamoQuestions(table).put(Question("uid", "T1", Subject.PRESENCE, NOW, online=True), now=NOW)
    assert [item["sk"] for item in table.query(Condition("pk = :pk", {":pk": "S#uid"}))] == ["QT#0"]


def test_its_place_is_taken_until_it_ends(store: QuestionStore) -> None:
    store.put(ASKED, now=NOW)
    later = replace(ASKED, id="Q2", asked_at=NOW + LASTS)
    assert not store.put(later, now=NOW + LASTS - 1)
    assert store.put(replace(later, place=4), now=NOW)
    assert store.put(later, now=NOW + LASTS)
    assert store.get(ASKED) is None
    assert [found.id for found in store.all("uid")] == ["Q2", "Q2"]


def test_it_moves_once_from_each_version(store: QuestionStore) -> None:
    store.put(ASKED, now=NOW)
    taken = q.taken(ASKED, epoch=1)
    assert store.move(taken)
    assert not store.move(q.taken(ASKED, epoch=2))
    assert store.move(q.answered(taken, Contact(exists=True, jid="628111111111@s.whatsapp.net")))
    found = store.get(ASKED)
    assert found
    assert found.contact == Contact(exists=True, jid="628111111111@s.whatsapp.net")


def test_an_answer_to_a_question_that_is_gone_is_written_nowhere(store: QuestionStore) -> None:
    store.put(ASKED, now=NOW)
    store.remove(ASKED)
    assert not store.move(q.taken(ASKED, epoch=1))
    store.put(replace(ASKED, id="Q2"), now=NOW)
    assert not store.move(q.taken(ASKED, epoch=1))
    store.remove(ASKED)
    assert [found.id for found in store.all("uid")] == ["Q2"]


def dynamodb_counts(value: Any) -> int:
    """Return the bytes of a value as DynamoDB counts an item's.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html.
    """
    match value:
        case dict():
            return 3 + sum(1 + len(name.encode()) + dynamodb_counts(one) for name, one in value.items())
        case list() | tuple():
            return 3 + sum(1 + dynamodb_counts(one) for one in value)
        case str():
            return len(value.encode())
        case bool() | None:
            return 1
        case int():
            return len(str(value)) // 2 + 2
        case _:
            raise TypeError(value)


@pytest.mark.parametrize("long", [0, 1, 25, 100])
def test_the_largest_answer_fits_into_an_item_however_long_its_names_are(long: int) -> None:
    found = fitting([Group(f"{number}@g.us", "☕" * long, owner="1@lid", created=NOW) for number in range(9_000)])
    assert not found.complete
    assert LARGEST / 2 < dynamodb_counts(question_to_item(q.answered(ASKED, found))) < 400 * 1024


# With the longest names, so that there are the fewest groups: moto takes its time for each of them.
def test_the_largest_answer_has_room(store: QuestionStore) -> None:
    groups = [Group(f"{number}@g.us", "☕" * 100, owner="1@lid", created=NOW) for number in range(1_000)]
    found = fitting(groups)
    assert sum(len(group.name.encode()) for group in found.groups) > LARGEST / 3
    store.put(ASKED, now=NOW)
    assert store.move(q.answered(ASKED, found))
    stands = store.get(ASKED)
    assert stands
    assert stands.groups == found


def test_a_removed_session_leaves_no_question(request: pytest.FixtureRequest) -> None:
    table = request.getfixturevalue("table")
    sessions, store = DynamoSessions(table), DynamoQuestions(table)
    session = sessions.create(a_session())
    store.put(replace(ASKED, uid=session.uid), now=NOW)
    sessions.remove(session)
    assert store.all(session.uid) == []


def test_dynamodb_forgets_it_minutes_later(request: pytest.FixtureRequest) -> None:
    table = request.getfixturevalue("table")
    DynamoQuestions(table).put(ASKED, now=NOW)
    item = table.get("S#uid", "Q#3")
    assert item["ttl"] == (NOW + LASTS) // 1000 + 300
