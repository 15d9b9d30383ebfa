"""Going on in a fresh image of the same process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.worker.handover import BROKEN, FENCED

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


LAPSES = """
import os, signal, socket, sys, threading
from dataclasses import replace

from chalicelib.worker import log
from chalicelib.worker.handover import Exit, end, from_environment, lapse

descriptor = log.begin()
handover = from_environment()
signal.signal(signal.SIGTERM, lambda *_: None)
blocked = signal.SIGTERM in signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
sockets = [one for one in os.listdir("/proc/self/fd")
           if os.path.islink(f"/proc/self/fd/{one}") and os.readlink(f"/proc/self/fd/{one}").startswith("socket:")]
log.Log().info("image", pid=os.getpid(), lapsed=handover.lapsed, ended=handover.ended, blocked=blocked,
               sockets=len(sockets), arguments=sys.argv[1:])
if handover.lapsed:
    end(Exit(75), log_descriptor=descriptor)
if sys.argv[1:] == ["lost"]:
    sys.executable = "/nothing"
ours, theirs = socket.socketpair()
ours.set_inheritable(True)  # as a library may leave it
terminated = sys.argv[1:] == ["terminated"]
threading.Thread(
    target=lambda: lapse(replace(handover, lapsed=True, ended=3), terminated=terminated, log_descriptor=descriptor)
).start()
while True:
    theirs.recv(1)  # the main thread hangs, as in the client library
"""


def images(directory: Path, *arguments: str, of: str = SCRIPT) -> tuple[int, list[dict[str, Any]]]:
    """Run the script; return its exit code, and what each image of its process said."""
    script = directory / "worker.py"
    script.write_text(of)
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


def test_an_image_whose_lease_has_run_out_makes_way_from_any_thread_and_leaves_no_socket_behind(tmp_path: Path) -> None:
    code, (first, second) = images(tmp_path, "an", "argument", of=LAPSES)
    assert code == 75
    assert (first["lapsed"], first["blocked"]) == (False, False)
    assert (second["lapsed"], second["ended"], second["blocked"]) == (True, 3, True)
    assert second["sockets"] == 0, "whatever the library had opened"
    assert first["arguments"] == second["arguments"] == ["an", "argument"]


@pytest.mark.parametrize("why", ["terminated", "lost"])
def test_where_no_image_may_or_can_follow_a_lease_that_has_run_out_ends_the_process(tmp_path: Path, why: str) -> None:
    code, (_,) = images(tmp_path, why, of=LAPSES)
    assert code == FENCED
