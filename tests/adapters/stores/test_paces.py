"""Paces, in the table and in memory."""

from tests.makers import NOW


def test_a_pace_is_a_session_s_own_and_comes_back_with_time(stores):
    assert [stores.paces.take("u", now=NOW) for _ in range(4)] == [0, 0, 0, 1]
    assert stores.paces.take("another", now=NOW) == 0
    assert stores.paces.take("u", now=NOW + 250) == 0.75
    assert stores.paces.take("u", now=NOW + 1000) == 0
    assert stores.paces.take("u", now=NOW + 1000) == 1
    assert [stores.paces.take("u", now=NOW + 60_000) for _ in range(4)] == [0, 0, 0, 1]


def test_a_clock_that_is_behind_refills_nothing_twice(stores):
    for _ in range(3):
        stores.paces.take("u", now=NOW + 1000)
    assert stores.paces.take("u", now=NOW) == 2
    assert stores.paces.take("u", now=NOW + 2000) == 0
    assert stores.paces.take("u", now=NOW + 1000) == 2
    assert stores.paces.take("u", now=NOW + 2000) == 1
