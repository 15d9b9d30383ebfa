"""Questions to the worker: whose they are, and how much of an answer there is room for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import questions as q
from chalicelib.domain.questions import LARGEST, LASTS, Contact, Group, Question, State, Subject, fitting
from tests.makers import NOW

ASKED = Question("uid", "Q", Subject.NUMBER, NOW, number="628111111111")


def test_an_open_question_is_owed_until_it_ends() -> None:
    assert ASKED.is_owed(epoch=1, now=NOW)
    assert ASKED.is_owed(epoch=1, now=NOW + LASTS - 1)
    assert not ASKED.is_owed(epoch=1, now=NOW + LASTS)


def test_a_question_that_was_taken_is_owed_by_later_claims_alone() -> None:
    taken = q.taken(ASKED, epoch=2)
    assert [taken.is_owed(epoch=epoch, now=NOW) for epoch in (1, 2, 3)] == [False, False, True]


@pytest.mark.parametrize(
    "settled", [q.answered(ASKED, Contact(exists=False)), q.answered(ASKED, fitting([])), q.refused(ASKED, "No.")]
)
def test_a_settled_question_is_owed_by_nobody(settled: Question) -> None:
    assert settled.settled
    assert not settled.is_owed(epoch=9, now=NOW)


def test_what_was_put_back_is_open_again() -> None:
    back = q.put_back(q.taken(ASKED, epoch=2))
    assert (back.state, back.version) == (State.OPEN, 2)
    assert back.is_owed(epoch=2, now=NOW)


def a_group(number: int, **fields: str) -> Group:
    return Group(f"{number}@g.us", **({"name": "Kopi"} | fields), owner="628111111111@s.whatsapp.net", created=1)


def test_groups_come_whole_where_there_is_room() -> None:
    groups = [a_group(number, topic="Jam 9") for number in range(500)]
    assert fitting(groups) == q.GroupList(tuple(groups))


def test_all_groups_without_topics_are_worth_more_than_some_with_them() -> None:
    found = fitting([a_group(number, topic="x" * 2048) for number in range(500)])
    assert (len(found.groups), found.complete) == (500, True)
    assert {group.topic for group in found.groups} == {None}


def test_groups_that_have_no_room_are_said_to_be_missing() -> None:
    found = fitting([a_group(number, name="☕" * 100) for number in range(2_000)])
    assert not found.complete
    assert 500 < len(found.groups) < 2_000


@given(st.lists(st.builds(a_group, st.integers(0, 10**18), name=st.text(max_size=100), topic=st.text(max_size=300))))
def test_what_fits_is_the_first_groups_within_the_bound(groups: list[Group]) -> None:
    found = fitting(groups)
    assert [group.jid for group in found.groups] == [group.jid for group in groups][: len(found.groups)]
    assert sum(len(group.name.encode()) for group in found.groups) <= LARGEST


def test_neither_numbers_nor_names_of_groups_are_in_what_is_logged() -> None:
    groups = q.answered(ASKED, fitting([a_group(1, name="Rahasia", topic="Diam")]))
    number = q.answered(ASKED, q.Contact(exists=True, jid="628111111111@s.whatsapp.net"))
    assert not any(secret in f"{groups} {number}" for secret in ("628111111111", "Rahasia", "Diam"))
