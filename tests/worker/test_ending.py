"""Going on in a fresh image of the same process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.worker.handover import BROKEN

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[2]

SCRIPT = """
import os, signal, sys, threading
from chalicelib.worker import log
import pytest

from chalicelib.worker.handover import Again, Exit, defer_sigterm, end
from chalicelib.worker.handover import Handover, from_environment
from chalicelib.domain.lease import Order

from dataclasses import replace

descriptor = log.begin()
handover = from_environment()
heard = []
signal.signal(signal.SIGTERM, lambda *_: heard.append(1))
blocked = signal.SIGTERM in signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
log.Log().info("image", pid=os.getpid(), failures=handover.failures, blocked=blocked, heard=len(heard),
               arguments=sys.argv[1:])
threading.Thread(target=threading.Event().wait).start()  # as the client library leaves them
if handover.failures:
    end(Exit(75), log_descriptor=descriptor)
if sys.argv[1:] == ["terminated"]:
    os.kill(os.getpid(), signal.SIGTERM)
if sys.argv[1:] == ["lost"]:
    sys.executable = "/nothing"
defer_sigterm(lambda: not heard)
if sys.argv[1:] == ["late"]:
    os.kill(os.getpid(), signal.SIGTERM)
end(Again(replace(handover, failures=4)), log_descriptor=descriptor)
"""


def images(directory: Path, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Run the script; return its exit code, and what each image of its process said."""
    script = directory / "worker.py"
    script.write_text(SCRIPT)
    environment = {"SWITCHBOARD_WORKER": "w", "SWITCHBOARD_MAILBOX": "m", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(script), *arguments], env=environment, stdout=subprocess.PIPE, text=True
    )
    out, _ = process.communicate(timeout=60)
    said = [json.loads(line) for line in out.splitlines()]
    assert {image["pid"] for image in said} == {process.pid}
    return process.returncode, said


def test_the_next_image_is_the_same_process_with_what_was_handed_over(tmp_path: Path) -> None:
    code, (first, second) = images(tmp_path, "an", "argument")
    assert code == 75
    assert (first["failures"], first["blocked"]) == (0, False)
    assert (second["failures"], second["blocked"], second["heard"]) == (4, True, 0)
    assert first["arguments"] == second["arguments"] == ["an", "argument"]


@pytest.mark.parametrize("when", ["terminated", "late"])
def test_a_sigterm_that_came_too_late_for_one_image_is_heard_by_the_next(tmp_path: Path, when: str) -> None:
    _, (_, second) = images(tmp_path, when)
    assert second["heard"] == 1


def test_an_image_that_can_t_be_followed_doesn_t_live_on(tmp_path: Path) -> None:
    code, (_,) = images(tmp_path, "lost")
    assert code == BROKEN
