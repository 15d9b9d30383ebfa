"""The table of a linking's states."""

import pytest

from chalicelib.worker.linking.states import FINAL, NEXT, Input, LinkingState


@pytest.mark.parametrize("state", [state for state in LinkingState if state not in FINAL])
def test_each_state_can_fail_and_come_further(state: LinkingState) -> None:
    assert NEXT[state, Input.FAILED] is LinkingState.ENDED
    assert {after for (before, _), after in NEXT.items() if before is state} - {state, LinkingState.ENDED}


def test_nothing_leads_out_of_an_end() -> None:
    assert not {before for before, _ in NEXT} & FINAL


def test_each_state_is_reached_and_only_a_stored_device_is_linked() -> None:
    reached, new = {LinkingState.CONNECTING}, {LinkingState.CONNECTING}
    while new:
        new = {after for (before, _), after in NEXT.items() if before in new} - reached
        reached |= new
    assert reached == set(LinkingState)
    assert {before for (before, _), after in NEXT.items() if after is LinkingState.LINKED} == {LinkingState.RESTARTING}
    assert {moved for (_, moved), after in NEXT.items() if after is LinkingState.RESTARTING} == {Input.DEVICE_STORED}


def test_there_is_no_way_back_from_a_demanded_passkey_to_codes() -> None:
    after_demand = {state for state in LinkingState if state.startswith("passkey")}
    assert not {after for (before, _), after in NEXT.items() if before in after_demand} & {
        LinkingState.SCANNING,
        LinkingState.FINISHING,
    }
