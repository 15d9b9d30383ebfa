"""The demo, on a stack of its own and on one that runs."""

import os
import subprocess
import sys

from infra.local.client import ROOT


def demo(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.demo"],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def test_the_demo_runs_on_a_stack_that_is_there(stack):
    told = demo(PORT=str(stack.port))
    assert told.returncode == 0, told.stderr
    assert "Jam tiga!" in told.stdout
    assert "█" in told.stdout, "a code"
    assert stack.get("/api/sessions/demo").status_code == 404, "it leaves nothing behind"


def test_the_demo_brings_a_stack_of_its_own(tmp_path):
    told = demo(PORT="", LOCAL_STATE=str(tmp_path))
    assert told.returncode == 0, told.stderr
    assert "a stack of the demo's own" in told.stdout
