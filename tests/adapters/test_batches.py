"""Batches of which DynamoDB leaves something undone."""

import time
from collections.abc import Sequence

import pytest

from chalicelib.adapters.dynamodb import table as batches
from chalicelib.adapters.dynamodb.table import in_batches
from chalicelib.services.ports import Unavailable


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def test_all_is_asked_for_in_portions_and_what_was_left_undone_again(pauses: list[float]) -> None:
    done: list[int] = []

    def most(asked: Sequence[int]) -> Sequence[int]:
        assert len(asked) <= 4
        done.extend(asked[:3])
        return asked[3:]

    in_batches(range(10), 4, most)
    assert sorted(done) == list(range(10))
    assert pauses == []


def test_who_gets_nothing_done_pauses_longer_and_longer_and_then_gives_up(pauses: list[float]) -> None:
    with pytest.raises(Unavailable):
        in_batches([1, 2], 25, lambda asked: asked)
    assert pauses == list(batches.PAUSES)


def test_who_gets_on_again_may_pause_as_often_as_before(pauses: list[float]) -> None:
    calls = iter([[1, 2], [2], [2], []])
    in_batches([1, 2], 25, lambda _: next(calls))
    assert pauses == [batches.PAUSES[0]] * 2


def test_nothing_to_do_is_no_call(pauses: list[float]) -> None:
    in_batches([], 25, lambda _: pytest.fail("it was asked for nothing"))
