"""make clean: nothing under a running stack, and no key of a real account unasked."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from infra import REPOSITORY
from infra.local.state import LocalState
from tests.local.running import running_stack

pytestmark = pytest.mark.subprocess


def make_clean(state: Path, stdin: int = subprocess.DEVNULL, **variables: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", "clean", f"LOCAL_STATE={state}"]
    command += [f"{name}={value}" for name, value in variables.items()]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, stdin=stdin)


def stood(directory: Path, network: str, *devices: str) -> Path:
    """A state that a stack has left."""
    with LocalState(directory).locked():
        LocalState(directory).write("network.json", network)
        for device in devices:
            (directory / "devices" / device).mkdir()
            (directory / "devices" / device / "1.db").write_text("keys")
    return directory


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return stood(tmp_path / "local", "loopback", "01UID")


def test_it_forgets_the_state(state: Path) -> None:
    done = make_clean(state)
    assert (done.returncode, done.stdout, state.exists()) == (0, f"Forgot {state}.\n", False)
    assert make_clean(state).stdout == f"There is nothing to forget: {state} isn't there.\n"


def test_under_a_running_stack_it_refuses(tmp_path: Path) -> None:
    state = tmp_path / "local"
    with running_stack(state) as stack:
        before = {path for path in state.rglob("*") if path.name != "stack.json"}
        done = make_clean(state)
        assert done.returncode != 0
        assert f"A stack runs on {state}. Stop it first" in done.stderr
        assert before <= set(state.rglob("*"))
        stack.log_in()
        assert stack.get("/api/sessions").status_code == 200
    assert make_clean(state).returncode == 0
    assert not state.exists()


def test_a_stack_that_runs_in_a_state_within_holds_it_too(state: Path) -> None:
    with LocalState(stood(state / "real", "whatsapp")).locked():
        done = make_clean(state, CONFIRM="real")
    assert done.returncode != 0
    assert f"A stack runs on {state / 'real'}." in done.stderr
    assert (state / "devices" / "01UID" / "1.db").exists()


def test_keys_of_real_accounts_are_kept_where_nobody_can_be_asked(state: Path) -> None:
    real = stood(state / "real", "whatsapp", "02UID")
    done = make_clean(state)
    assert (done.returncode, done.stdout.startswith(f"Kept {real}, with the keys of real accounts")) == (0, True)
    assert (real / "devices" / "02UID" / "1.db").read_text() == "keys"
    assert json.loads((real / "network.json").read_text()) == "whatsapp"
    assert [path.name for path in state.iterdir()] == ["real"]


def test_they_go_when_that_is_confirmed(state: Path) -> None:
    stood(state / "real", "whatsapp", "02UID")
    assert make_clean(state, CONFIRM="real").returncode == 0
    assert not state.exists()


@pytest.mark.parametrize(("answer", "is_kept"), [(b"y\n", False), (b"\n", True), (b"no\n", True)])
def test_whoever_sits_at_a_terminal_is_asked(state: Path, answer: bytes, is_kept: bool) -> None:
    real = stood(state / "real", "whatsapp", "02UID")
    terminal, side = pty.openpty()
    try:
        os.write(terminal, answer)
        done = make_clean(state, stdin=side)
    finally:
        os.close(terminal)
        os.close(side)
    assert "Remove the keys? [y/N]" in done.stdout
    assert real.exists() is is_kept


def test_real_accounts_that_were_never_linked_are_nobody_s_loss(state: Path) -> None:
    stood(state / "real", "whatsapp")
    assert make_clean(state).returncode == 0
    assert not state.exists()


def test_what_is_no_state_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    done = make_clean(tmp_path)
    assert done.returncode != 0
    assert "is no state of a local stack" in done.stderr
    assert (tmp_path / "letter.txt").exists()
