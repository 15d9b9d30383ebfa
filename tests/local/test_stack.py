"""``python -m infra.local`` as a whole: one process that a developer starts, stops and kills."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys

import pytest
import requests

from infra import REPOSITORY
from tests.local.patience import until
from tests.local.running import alive, processes, running_stack

pytestmark = pytest.mark.subprocess

SESSION = "6281234567890"


def log_in(stack):
    answer = requests.post(
        f"{stack.url}/api/auth/login", json={"username": "admin", "password": "admin123"}, timeout=30
    )
    return {"Authorization": f"Bearer {answer.json()['data']['token']}"}


def a_session_starts(stack):
    """Have a worker started; return its process ids."""
    headers = log_in(stack)
    requests.post(f"{stack.url}/api/sessions", json={"phone": SESSION}, headers=headers, timeout=30)
    requests.post(f"{stack.url}/api/sessions/{SESSION}/connect", headers=headers, timeout=30)
    asyncio.run(until(lambda: len(processes(stack)) > 1, 30))
    return processes(stack)


def nobody_left(of):
    asyncio.run(until(lambda: not alive(of), 15))
    return True


def test_killed_it_leaves_no_process_behind(tmp_path):
    with running_stack(tmp_path) as stack:
        started = a_session_starts(stack)
        stack.kill()
        assert nobody_left(started)


def test_told_to_stop_it_ends_well_and_what_was_there_is_there_again(tmp_path):
    with running_stack(tmp_path) as stack:
        started = a_session_starts(stack)
        headers = log_in(stack)
        stack.stop(signal.SIGTERM)
        assert not alive(started)
        assert not (tmp_path / "stack.json").exists()
        said = stack.console.read_text()
    assert said.startswith(f"Switchboard runs on http://localhost:{stack.port}\n")
    assert "admin / admin123" in said
    assert f"{SESSION}  CREATED" in said
    with running_stack(tmp_path) as stack:
        # Not even the login is lost: the signing keys are kept.
        listed = requests.get(f"{stack.url}/api/sessions", headers=headers, timeout=30).json()
    assert [one["id"] for one in listed["data"]["sessions"]] == [SESSION]


def refused(tmp_path, **env):
    done = subprocess.run(
        [sys.executable, "-m", "infra.local"],
        cwd=REPOSITORY,
        env=os.environ | {"PORT": "0", "LOCAL_STATE": str(tmp_path)} | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_port_in_use_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "is in use by another program. Try: make run PORT=" in refused(
            tmp_path, PORT=str(taken.getsockname()[1])
        )


def test_it_is_for_this_machine_alone_and_for_one_stack_on_a_state(tmp_path):
    with running_stack(tmp_path) as stack:
        phones = f"{stack.url}/_local/whatsapp/phones"
        assert requests.get(phones, timeout=30).json() is not None
        assert requests.get(phones, headers={"Host": "rebound.example"}, timeout=30).status_code == 403
        assert "Another stack already runs on" in refused(tmp_path)


def test_real_accounts_and_open_doors_do_not_go_together(tmp_path):
    assert "refuses ALLOW_ANONYMOUS=1" in refused(tmp_path, NETWORK="whatsapp", ALLOW_ANONYMOUS="1")


def test_real_accounts_have_a_password_of_their_own_and_no_door_stands_open(tmp_path):
    with running_stack(tmp_path, NETWORK="whatsapp") as stack:
        asyncio.run(until(lambda: "Ctrl-C" in stack.console.read_text()))
        said = stack.console.read_text()
        secret = said.split("admin / ")[1].split()[0]

        def status(password):
            body = {"username": "admin", "password": password}
            return requests.post(f"{stack.url}/api/auth/login", json=body, timeout=30).status_code

        assert (status("admin123"), status(secret)) == (401, 200)
        assert requests.get(f"{stack.url}/sessions", timeout=30).status_code == 401
        assert requests.get(f"{stack.url}/_local/whatsapp/phones", timeout=30).status_code == 404
        command = [sys.executable, "-m", "infra.local.phone", "add", "628987654321", "--port", str(stack.port)]
        added = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (added.returncode, added.stdout) == (1, "")
        assert added.stderr.startswith(
            "This stack links real accounts (NETWORK=whatsapp), so it has no virtual phones."
        )


def test_a_loopback_state_is_not_taken_for_real_accounts(tmp_path):
    (tmp_path / "network.json").write_text(json.dumps("loopback"))
    assert "belongs to NETWORK=loopback" in refused(tmp_path, NETWORK="whatsapp")
