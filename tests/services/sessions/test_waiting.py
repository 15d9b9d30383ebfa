"""Waiting: how often is looked, and for how long."""

from dataclasses import dataclass, field

from chalicelib.services.waiting import Patience
from tests.fakes import FakeClock
from tests.makers import NOW


@dataclass
class Wait:
    clock: FakeClock = field(default_factory=FakeClock)
    pauses: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.sleep(seconds)

    def __call__(self, *, until: int, seconds: float) -> int:
        """Count looks from 0 on until there were so many, or time is up."""
        patience = Patience(self.clock, self.sleep, (0.1, 0.2))
        return patience.until(NOW + round(seconds * 1000), 0, lambda looks: looks + 1, lambda looks: looks >= until)


def test_what_is_done_is_not_waited_for():
    wait = Wait()
    assert wait(until=0, seconds=1) == 0
    assert wait.pauses == []


def test_looks_come_seldomer_until_it_is_done():
    wait = Wait()
    assert wait(until=4, seconds=1) == 4
    assert wait.pauses == [0.1, 0.2, 0.2, 0.2]


def test_the_last_look_comes_when_time_is_up():
    wait = Wait()
    assert wait(until=9, seconds=0.45) == 3
    assert wait.pauses == [0.1, 0.2, 0.15]


def test_who_has_no_time_does_not_look():
    wait = Wait()
    assert wait(until=9, seconds=0) == 0
