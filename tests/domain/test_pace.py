"""A session's pace, whatever the moments at which it is asked."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.pace import Pace
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
        assert taken <= pace.burst + (now - NOW) * pace.per_minute / 60_000 + 1e-6


@given(PACES, STEPS)
def test_who_waits_as_long_as_told_is_let_through(pace: Pace, steps: list[int]) -> None:
    paces, now = MemoryPaces(pace), NOW
    for step in steps:
        now += step
        wait = paces.take("u", now=now)
        if wait:
            assert wait <= 60 / pace.per_minute
            now += int(wait * 1000) + 1
            assert paces.take("u", now=now) == 0


@given(PACES, st.floats(0, 50), st.integers(0, 10**9))
def test_a_pause_fills_the_bucket_and_never_more(pace: Pace, tokens: float, pause: int) -> None:
    filled = pace.refilled(min(tokens, pace.burst), since=NOW, now=NOW + pause)
    assert min(tokens, pace.burst) <= filled <= pace.burst
    assert pace.refilled(filled, since=NOW, now=NOW - 5_000) == filled, "a clock that goes back takes nothing"


def test_a_token_comes_when_it_says() -> None:
    pace = Pace(burst=2, per_minute=60)
    assert (pace.wait(1), pace.wait(0), pace.wait(0.25)) == (0, 1, 0.75)
    assert pace.refilled(0, since=NOW, now=NOW + 500) == 0.5
