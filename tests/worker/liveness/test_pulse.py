"""When a client counts as dead."""

import pytest

from chalicelib.worker.liveness.pulse import DEAD_FOR, NO_CODE_FOR, Phase, Pulse


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
