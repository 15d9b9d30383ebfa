"""When a client counts as dead, how soon the next one begins, and whether to come back after being replaced."""

import pytest

from chalicelib.worker.session.service import (
    CALM,
    DEAD_FOR,
    NO_CODE_FOR,
    TAKEOVER,
    Phase,
    Pulse,
    Restarts,
    comes_back,
)
from tests.makers import NOW


def test_a_client_that_shows_a_code_and_has_no_socket_is_soon_dead() -> None:
    pulse = Pulse(Phase.SCANNING)
    assert not pulse.lost(connected=False, now=0)
    assert not pulse.lost(connected=False, now=DEAD_FOR - 1)
    assert pulse.lost(connected=False, now=DEAD_FOR)


def test_the_restart_after_a_scan_is_no_death() -> None:
    pulse = Pulse(Phase.SCANNING)
    assert not pulse.lost(connected=False, now=500)
    assert not pulse.lost(connected=True, now=1_000)
    assert not pulse.lost(connected=False, now=1_001)
    assert not pulse.lost(connected=False, now=1_000 + DEAD_FOR)


def test_a_client_that_nobody_looked_at_for_long_is_not_dead_at_the_first_look() -> None:
    pulse = Pulse(Phase.SCANNING)
    assert not pulse.lost(connected=True, now=0)
    assert not pulse.lost(connected=False, now=10 * DEAD_FOR)


def test_a_client_that_connects_gets_more_time() -> None:
    pulse = Pulse()
    assert not pulse.lost(connected=False, now=0)
    assert not pulse.lost(connected=False, now=NO_CODE_FOR - 1)
    assert pulse.lost(connected=False, now=NO_CODE_FOR)


def test_a_connection_that_is_being_made_for_too_long_is_none() -> None:
    pulse = Pulse()
    assert not pulse.lost(connected=None, now=0)
    assert pulse.lost(connected=None, now=NO_CODE_FOR)


def test_a_client_that_connects_again_after_a_scan_lives() -> None:
    pulse = Pulse(Phase.SCANNING)
    assert not pulse.lost(connected=None, now=0)
    assert not pulse.lost(connected=None, now=10 * DEAD_FOR)


@pytest.mark.parametrize("phase", [Phase.PAIRING, Phase.ONLINE, Phase.DEAD])
def test_a_client_that_speaks_for_itself_is_not_judged_by_its_socket(phase: Phase) -> None:
    pulse = Pulse(phase)
    assert not pulse.lost(connected=False, now=0)
    assert not pulse.lost(connected=False, now=10 * NO_CODE_FOR)


def test_each_step_is_a_sign_of_life() -> None:
    pulse = Pulse()
    pulse.lost(connected=False, now=0)
    pulse.move(Phase.SCANNING)
    assert not pulse.lost(connected=False, now=30_000)


def test_the_first_restart_needs_no_wait_and_neither_does_one_after_a_calm_time():
    first = Restarts().one_more(1_000)
    assert first == Restarts(0, 1_000)
    assert first.one_more(1_000 + CALM).count == 0


def test_restarts_soon_after_each_other_add_up():
    restarts = Restarts()
    for number in range(4):
        restarts = restarts.one_more(number * (CALM - 1))
        assert restarts.count == number


def test_the_worker_that_was_taken_over_from_is_outlived_once() -> None:
    assert comes_back(took_over_at=NOW, again=False, now=NOW + TAKEOVER - 1)
    assert not comes_back(took_over_at=NOW, again=True, now=NOW + 1)


def test_anybody_else_is_never_fought() -> None:
    assert not comes_back(took_over_at=None, again=False, now=NOW)
    assert not comes_back(took_over_at=NOW, again=False, now=NOW + TAKEOVER)
