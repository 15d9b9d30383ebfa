import os
import time

import pytest

from infra.local.run import LOGS_KEPT_S, _drop_old_logs, _stay_with_network
from infra.local.settings import BadSetting, Network, read_settings
from infra.local.state import LocalState


@pytest.fixture
def state(tmp_path):
    one = LocalState(tmp_path)
    with one.locked():
        yield one


def test_logs_of_last_week_go(state):
    old, new = state.logs / "old.log", state.logs / "new.log"
    for one in (old, new):
        one.touch()
    before = time.time() - LOGS_KEPT_S - 60
    os.utime(old, (before, before))
    _drop_old_logs(state)
    assert [one.name for one in state.logs.iterdir()] == ["new.log"]


def test_a_state_stays_with_its_network(state):
    loopback, real = read_settings({}), read_settings({"NETWORK": "whatsapp"})
    _stay_with_network(state, loopback)
    _stay_with_network(state, loopback)
    with pytest.raises(BadSetting, match="belongs to NETWORK=loopback"):
        _stay_with_network(state, real)
    assert real.network is Network.WHATSAPP
