"""How many standbys are to wait, over all that may have started."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.pool import MINUTE, WINDOW, minute_of, wanted

NOW = 1_700_000_000_000
COUNTS = st.integers(0, 50)
AGES = st.integers(-3, 3 * WINDOW)
STARTS = st.dictionaries(AGES.map(lambda age: minute_of(NOW) - age), st.integers(1, 80), max_size=30)


@given(STARTS, COUNTS, COUNTS)
def test_the_pool_stays_within_its_bounds(starts, least, most):
    assert least <= wanted(starts, NOW, least=least, most=most) <= max(least, most)


@given(STARTS, COUNTS, COUNTS, st.integers(0, WINDOW - 1))
def test_another_start_never_makes_it_smaller_and_makes_it_larger_by_one_at_the_most(starts, least, most, ago):
    minute = minute_of(NOW) - ago
    before = wanted(starts, NOW, least=least, most=most)
    after = wanted(starts | {minute: starts.get(minute, 0) + 1}, NOW, least=least, most=most)
    assert before <= after <= max(before + 1, starts.get(minute, 0) + 1)


@given(STARTS, COUNTS, COUNTS)
def test_what_started_within_one_minute_finds_as_many_standbys_for_the_next_ten_as_may_be(starts, least, most):
    for minute, count in starts.items():
        for later in range(WINDOW):
            at = (minute + later) * MINUTE
            assert wanted(starts, at, least=least, most=most) >= min(count, max(least, most))


@given(STARTS, COUNTS, COUNTS)
def test_ten_minutes_after_the_last_start_it_is_as_small_as_may_be(starts, least, most):
    last = max(starts, default=0)
    assert wanted(starts, (last + WINDOW) * MINUTE, least=least, most=most) == least


def test_two_that_start_together_want_two_and_one_after_the_other_one():
    this = minute_of(NOW)
    assert wanted({this: 2}, NOW, least=1, most=5) == 2
    assert wanted({this - 1: 1, this: 1}, NOW, least=1, most=5) == 1
    assert wanted({this: 9}, NOW, least=1, most=5) == 5
    assert wanted({this: 9}, NOW, least=3, most=1) == 3
