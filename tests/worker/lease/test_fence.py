"""The fence's arithmetic, with a clock that is set."""

import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.lease import FENCE_AFTER, GRACE, RENEW_EVERY, TTL
from chalicelib.services.ports import Unavailable
from chalicelib.worker.lease.fence import RETRY_AFTER, Fence


@dataclass
class Bench:
    """A fence with a clock, an AWS and a death of its own."""

    now: int = 0
    answers: list[bool | Exception] = field(default_factory=list)
    takes: int = 0
    deaths: int = 0

    def __post_init__(self) -> None:
        self.fence = Fence(self.renew, renewed=self.now, monotonic=lambda: self.now, die=self.die)

    def renew(self) -> bool:
        self.now += self.takes
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    def die(self) -> None:
        self.deaths += 1


def test_a_lease_is_renewed_in_time_and_not_before() -> None:
    bench = Bench()
    bench.now = RENEW_EVERY - 1
    assert bench.fence.renew_if_due() == 1
    bench.now = RENEW_EVERY
    assert bench.fence.renew_if_due() == RENEW_EVERY
    assert bench.fence.renewed == RENEW_EVERY


def test_a_lease_is_late_as_soon_as_another_worker_might_have_it_and_once_it_is_given_back() -> None:
    bench = Bench()
    bench.now = FENCE_AFTER - 1
    assert not bench.fence.late
    bench.now = FENCE_AFTER
    assert bench.fence.late
    bench.fence.renew()
    assert not bench.fence.late
    bench.fence.stop()
    assert bench.fence.late


def test_a_renewal_counts_from_when_it_was_sent() -> None:
    bench = Bench(takes=2_500)
    bench.fence.renew()
    assert bench.fence.renewed == 0
    assert bench.fence.check() == FENCE_AFTER - 2_500


@pytest.mark.parametrize("error", [Unavailable(), ValueError("what nobody expected")])
def test_a_renewal_without_an_answer_counts_for_nothing_and_is_soon_sent_again(error: Exception) -> None:
    bench = Bench(answers=[error])
    bench.now = RENEW_EVERY
    assert bench.fence.renew() == RETRY_AFTER
    assert bench.fence.renewed == 0
    assert bench.deaths == 0


def test_a_refused_renewal_ends_the_process() -> None:
    bench = Bench(answers=[False])
    bench.fence.renew()
    assert bench.deaths == 1


def test_too_long_without_a_good_renewal_ends_the_process() -> None:
    bench = Bench()
    bench.now = FENCE_AFTER - 1
    bench.fence.check()
    assert bench.deaths == 0
    bench.now = FENCE_AFTER
    bench.fence.check()
    assert bench.deaths == 1


def test_a_fence_that_was_let_go_ends_nothing() -> None:
    bench = Bench(answers=[False])
    bench.fence.stop()
    bench.now = 10 * FENCE_AFTER
    bench.fence.check()
    bench.fence.renew()
    assert bench.deaths == 0


def test_a_hanging_renewal_does_not_save_the_process() -> None:
    died, hangs = threading.Event(), threading.Event()

    def renew() -> bool:
        hangs.wait()
        return True

    fence = Fence(renew, renewed=-FENCE_AFTER, monotonic=lambda: 0, die=died.set)
    fence.start()
    assert died.wait(5)
    fence.stop()
    hangs.set()


@given(st.lists(st.tuples(st.integers(0, 40_000), st.sampled_from([True, Unavailable()]), st.integers(0, 3_000))))
def test_whatever_aws_does_the_worker_is_dead_before_anybody_may_take_its_lease(
    steps: list[tuple[int, bool | Exception, int]],
) -> None:
    """Others count from when a good renewal arrived, which is never before it was sent, and wait GRACE on top."""
    bench = Bench()
    sent = 0
    for wait, answer, takes in steps:
        bench.now += wait
        bench.takes, bench.answers = takes, [answer]
        began = bench.now
        bench.fence.renew()
        sent = began if answer is True else sent
        bench.fence.check()
        assert bool(bench.deaths) == (bench.now - sent >= FENCE_AFTER)
        if bench.deaths:
            break
        assert bench.now < sent + TTL + GRACE
