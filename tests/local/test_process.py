import asyncio
import os
import signal
import subprocess
import sys

import pytest

from infra.local.tasks import Launch, launch, log_name, search_path, start, stop
from tests.local.patience import until

pytestmark = pytest.mark.subprocess

DEFINITION = {
    "name": "worker",
    "command": ["python", "-m", "chalicelib.worker"],
    "environment": [{"name": "A", "value": "definition"}, {"name": "DEVICES", "value": "/devices"}],
}


def test_overrides_win_over_the_definition_and_the_stack_over_both(tmp_path):
    overrides = {"containerOverrides": [{"name": "worker", "environment": [{"name": "A", "value": "override"}]}]}
    plan = launch(DEFINITION, overrides, {"DEVICES": "/here"}, tmp_path / "log")
    assert plan.environment == {"A": "override", "DEVICES": "/here"}
    assert plan.command == ("python", "-m", "chalicelib.worker")


def test_overrides_of_another_container_are_not_ours(tmp_path):
    overrides = {
        "containerOverrides": [{"name": "other", "command": ["x"], "environment": [{"name": "A", "value": "o"}]}]
    }
    plan = launch(DEFINITION, overrides, {}, tmp_path / "log")
    assert (plan.environment["A"], plan.command[0]) == ("definition", "python")


def test_a_log_is_named_for_the_worker_and_stays_in_its_directory():
    assert log_name("01ABC-3", "arn:task/x") == "01ABC-3.log"
    assert log_name("", "arn:aws:ecs:us-east-1:1:task/c/beef") == "beef.log"
    assert "/" not in log_name("../../etc/passwd", "arn")


def test_a_search_path_names_each_directory_once():
    assert search_path(f"a{os.pathsep}b", "", "b", "c") == os.pathsep.join("abc")


def run_script(tmp_path, script, act):
    async def run():
        reading, writing = os.pipe()
        try:
            plan = Launch(("python", "-c", script), {"GIVEN": "yes"}, tmp_path / "out.log")
            process = await start(plan, reading)
            return await act(process)
        finally:
            os.close(reading)
            os.close(writing)

    return asyncio.run(run())


def test_the_process_is_this_python_with_its_own_environment_only(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    script = "import os, sys; print(sys.executable, os.environ['GIVEN'], 'AWS_PROFILE' in os.environ)"

    async def act(process):
        return await process.wait()

    assert run_script(tmp_path, script, act) == 0
    assert (tmp_path / "out.log").read_text().split() == [sys.executable, "yes", "False"]


def test_the_process_holds_the_pipe_that_tells_of_the_stacks_end(tmp_path):
    script = "import os; os.fstat(int(os.environ['SWITCHBOARD_PARENT_PIPE']))"

    async def act(process):
        return await process.wait()

    assert run_script(tmp_path, script, act) == 0


async def up(path):
    await until(lambda: path.exists() and "up" in path.read_text())


STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def test_one_that_ignores_sigterm_is_killed_after_its_grace(tmp_path):
    async def act(process):
        await up(tmp_path / "out.log")
        await stop(process, 0.2)
        return process.returncode

    assert run_script(tmp_path, STUBBORN, act) == -signal.SIGKILL


def is_frozen(pid):
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.startswith("T")


def test_one_that_is_frozen_stays_so_and_is_killed_after_its_grace(tmp_path):
    """Had it gone on, the SIGTERM that waits for it would have ended it."""

    async def act(process):
        await up(tmp_path / "out.log")
        process.send_signal(signal.SIGSTOP)
        await until(lambda: is_frozen(process.pid))
        await stop(process, 0.5)
        return process.returncode

    assert run_script(tmp_path, "import time; print('up', flush=True); time.sleep(60)", act) == -signal.SIGKILL
