"""Waiting: how often is looked, and for how long."""

from dataclasses import dataclass, field
from functools import partial

import pytest

from chalicelib.domain.events import QRShown
from chalicelib.domain.session import Session, Status
from chalicelib.domain.transitions import advance
from chalicelib.services.ports import Unavailable
from chalicelib.services.waiting import (
    A_MOMENT,
    CLOSE_LOOKS,
    CLOSELY,
    LONGEST_BLIND,
    PAUSES,
    REMEMBERED,
    Experience,
    FirstLook,
    Patience,
    Terms,
    answering,
)
from tests.composition import Rig
from tests.fakes import FakeClock
from tests.fakes.places import MemoryPlaces
from tests.makers import NOW, a_code, a_running_session


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


def test_a_wait_counts_from_when_its_call_came():
    wait = Wait()
    with answering(Terms(by=NOW + 60_000, late=700)):
        assert wait(until=9, seconds=1) == 2
    assert wait.pauses == [0.1, 0.2]


def test_no_wait_outlasts_its_call():
    wait = Wait()
    with answering(Terms(by=NOW + 250)):
        assert wait(until=9, seconds=1) == 2
    assert wait.pauses == [0.1, 0.15]


def test_a_wait_of_a_moment_takes_no_place_and_a_longer_one_gives_its_place_back():
    places, wait = MemoryPlaces(1), Wait()
    with answering(Terms(by=NOW + 60_000, places=lambda: places)):
        wait(until=3, seconds=5)
        assert places.taken == 0
        wait(until=9, seconds=5)
    assert (places.taken, places.ends) == (1, {})


def test_a_wait_that_breaks_off_gives_its_place_back():
    places, clock = MemoryPlaces(1), FakeClock()

    def look(looks: int) -> int:
        if clock() > NOW + 2_000:
            raise Unavailable
        return looks

    with answering(Terms(by=NOW + 60_000, places=lambda: places)), pytest.raises(Unavailable):
        Patience(clock, clock.sleep, (0.5,)).until(NOW + 9_000, 0, look, lambda _: False)
    assert (places.taken, places.ends) == (1, {})


def test_without_a_place_a_wait_ends_after_a_moment():
    places, wait = MemoryPlaces(0), Wait()
    with answering(Terms(by=NOW + 60_000, places=lambda: places)):
        assert wait(until=99, seconds=20) == 3
    assert sum(wait.pauses) <= A_MOMENT


def test_who_has_no_time_does_not_look():
    wait = Wait()
    assert wait(until=9, seconds=0) == 0


def test_who_knows_nothing_yet_looks_as_usual():
    assert Experience().pauses(0) == PAUSES


def test_the_first_look_comes_when_it_usually_has_come_and_then_they_are_close():
    codes = Experience()
    for took in (200, 210, 190, 40_000):
        codes.note(took)
    first, *others = codes.pauses(50)
    assert first == pytest.approx(0.15)
    assert others[:CLOSE_LOOKS] == [CLOSELY] * CLOSE_LOOKS
    assert others[CLOSE_LOOKS:] == list(PAUSES)


def test_who_comes_when_it_should_be_there_looks_soon_and_later_as_usual():
    codes = Experience()
    for took in (200, 300):
        codes.note(took)
    assert codes.pauses(250)[0] == CLOSELY
    assert codes.pauses(301) == PAUSES


def test_nobody_waits_long_without_a_look_however_long_it_usually_takes():
    codes = Experience()
    codes.note(40_000)
    assert codes.pauses(0)[0] == LONGEST_BLIND


def test_only_the_latest_count():
    codes = Experience()
    codes.note(9_000)
    for _ in range(REMEMBERED):
        codes.note(400)
    assert codes.pauses(0)[0] == pytest.approx(0.4)
    assert codes.pauses(500) == PAUSES


def test_a_wait_for_a_code_teaches_the_next_one():
    rig = Rig()
    looks = []

    def started(name: str) -> Session:
        session = a_running_session(id=name, uid=name, status=Status.STARTING, requested_at=rig.clock(), round=0)
        rig.stores.sessions.rows[name] = session
        return session

    def show(session: Session) -> None:
        looks.append(rig.clock() - session.requested_at)
        if rig.clock() - session.requested_at >= 240:
            shown = advance(session, QRShown(a_code()), now=session.requested_at + 240, event_id="e")
            rig.stores.sessions.rows[session.uid] = shown

    for name in ("a", "b"):
        session = started(name)
        rig.while_waiting = partial(show, session)
        assert rig.sessions.await_code(session.tenant, name, wait=10.0).status is Status.SCAN_QR
    assert looks == [100, 250, 240]


def test_the_first_look_comes_about_when_what_is_waited_for_does() -> None:
    first = FirstLook(0.045)
    for took in (0.02, 0.2, 0.08):
        hits = 0
        for _ in range(400):
            looks, at = 1, first.seconds
            while at < took:
                looks, at = looks + 1, at + 0.02
            hits += looks == 1
            first.found(looks, at)
        assert took * 0.8 < first.seconds < took * 1.4
        assert hits > 200


def test_after_a_burst_a_few_calls_bring_the_first_look_back():
    first = FirstLook(0.045)
    for _ in range(50):
        first.found(5, 0.6)
    assert first.seconds > 0.3
    for _ in range(5):
        first.found(1, first.seconds, came=0.04)
    assert first.seconds < 0.07


def test_a_look_soon_after_it_came_brings_the_next_one_forward_by_little():
    first = FirstLook(0.05)
    first.found(1, 0.05, came=0.045)
    assert first.seconds == pytest.approx(0.05 * (1 - FirstLook.SOONER))


def test_a_clock_that_is_ahead_or_behind_leaves_the_first_look_within_its_bounds():
    first = FirstLook(0.05)
    for came in (-5.0, 5.0):
        for _ in range(100):
            first.found(1, first.seconds, came=came)
        assert FirstLook.LEAST <= first.seconds <= FirstLook.MOST


def test_the_first_look_is_neither_at_once_nor_after_a_long_time() -> None:
    first = FirstLook(0.045)
    for _ in range(1_000):
        first.found(1, 0.0)
    assert first.seconds == FirstLook.LEAST
    for _ in range(1_000):
        first.found(9, 10.0)
    assert first.seconds == FirstLook.MOST
