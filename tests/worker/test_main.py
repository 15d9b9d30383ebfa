"""The command that a container runs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.worker.threads import until

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[2]
SIGTERM_BIT = 1 << (signal.SIGTERM - 1)


def started(**environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "chalicelib.worker"], cwd=ROOT, env={"PATH": os.environ["PATH"], **environment},
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def signals(pid: int, which: str) -> int:
    """Return the process's blocked (SigBlk) or caught (SigCgt) signals, as bits."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1], 16) for line in status if line.startswith(which))


def test_without_an_order_it_says_what_is_missing() -> None:
    with started(AWS_REGION="ap-southeast-1") as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith("This worker isn't told what to do: TABLE_NAME, SWITCHBOARD_WORKER, SWITCHBOARD_MAILBOX not")


def test_a_sigterm_that_comes_while_it_begins_is_heard_once_it_has_begun(tmp_path: Path) -> None:
    """As a container's first process it wouldn't even be ended by one that it has no handler for."""
    order = {"SWITCHBOARD_WORKER": "standby-1", "SWITCHBOARD_MAILBOX": "http://127.0.0.1:1/mailbox"}
    aws = {"AWS_REGION": "ap-southeast-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    places = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "TABLE_NAME": "none", "DEVICES": str(tmp_path)}
    with started(**order, **aws, **places) as process:
        until(lambda: signals(process.pid, "SigBlk") & SIGTERM_BIT or signals(process.pid, "SigCgt") & SIGTERM_BIT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_what_is_imported_is_never_looked_through_for_garbage() -> None:
    code = (
        "import gc, sys\n"
        "import chalicelib.worker.process as process\n"
        "process.work = lambda _: print(gc.isenabled(), gc.get_freeze_count() > 10_000)\n"
        "from chalicelib.worker import __main__ as command; command.main()"
    )
    order = {"TABLE_NAME": "t", "AWS_REGION": "r", "SWITCHBOARD_WORKER": "w", "SWITCHBOARD_MAILBOX": "m"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=order, capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"
