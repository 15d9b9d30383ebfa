import json
import stat

import pytest

from infra.local.state import InUse, LocalState


def test_only_one_stack_may_hold_a_directory(tmp_path):
    with (
        LocalState(tmp_path).locked(),
        pytest.raises(InUse, match="Another stack already runs on"),
        LocalState(tmp_path).locked(),
    ):
        pass


def test_the_lock_ends_with_its_block(tmp_path):
    for _ in range(2):
        with LocalState(tmp_path).locked():
            pass


def test_what_is_written_is_read(tmp_path):
    state = LocalState(tmp_path)
    state.write("x.json", {"a": [1]})
    assert state.read("x.json", None) == {"a": [1]}
    assert [one.name for one in tmp_path.iterdir()] == ["x.json"]


def test_what_is_not_there_is_the_default(tmp_path):
    assert LocalState(tmp_path).read("x.json", {}) == {}


def test_files_and_directories_are_the_developers_alone(tmp_path):
    state = LocalState(tmp_path / "state")
    with state.locked():
        state.write("x.json", 1)
    assert stat.S_IMODE((tmp_path / "state" / "x.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_forgetting_twice_is_no_error(tmp_path):
    state = LocalState(tmp_path)
    state.write("x.json", 1)
    state.forget("x.json")
    state.forget("x.json")
    assert json.dumps(state.read("x.json", None)) == "null"
