"""A session's pace, whatever the moments at which it is asked."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.limits import Pace
from tests.fakes import MemoryPaces
from tests.makers import NOW

PACES = st.builds(Pace, burst=st.integers(1, 50), per_minute=st.integers(1, 600))
STEPS = st.lists(st.integers(0, 120_000), max_size=60)


@given(PACES, STEPS)
def test_no_more_goes_out_than_a_burst_and_what_refills(pace: Pace, steps: list[int]) -> None:
    paces, now, taken = MemoryPaces(pace), NOW, 0
    for step in steps:
        now += step
        taken += paces.take("u", now=now) == 0
        assert taken <= pace.burst + (now - NOW + 2) * pace.per_minute / 60_000


@given(PACES, STEPS)
def test_who_waits_as_long_as_told_is_let_through(pace: Pace, steps: list[int]) -> None:
    paces, now = MemoryPaces(pace), NOW
    for step in steps:
        now += step
        wait = paces.take("u", now=now)
        if wait:
            # Times of this size are known to a quarter of a microsecond.
            assert wait <= 60 / pace.per_minute + 1e-6
            now += int(wait * 1000) + 1
            assert paces.take("u", now=now) == 0


@given(PACES, STEPS, st.integers(0, 600_000))
def test_a_pause_fills_the_bucket_and_never_more(pace: Pace, steps: list[int], pause: int) -> None:
    paces, now = MemoryPaces(pace), NOW
    for step in steps:
        now += step
        paces.take("u", now=now)
    now += pause + round(60_000 * pace.burst / pace.per_minute) + 1
    assert [paces.take("u", now=now) == 0 for _ in range(pace.burst + 1)] == [True] * pace.burst + [False]


@given(PACES, st.integers(0, 3_600_000))
def test_a_clock_that_is_behind_lets_nobody_through_sooner(pace: Pace, behind: int) -> None:
    paces = MemoryPaces(pace)
    for _ in range(pace.burst):
        assert paces.take("u", now=NOW) == 0
    assert paces.take("u", now=NOW - behind) > 0


def test_a_token_comes_when_it_says() -> None:
    pace = Pace(burst=2, per_minute=60)
    assert (pace.wait(0, now=NOW), pace.wait(NOW + 1000, now=NOW), pace.wait(NOW + 1250, now=NOW)) == (0, 0, 0.25)
    assert (pace.taken(0, now=NOW), pace.taken(NOW + 500, now=NOW)) == (NOW + 1000, NOW + 1500)
