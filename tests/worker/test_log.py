"""The worker's log, in a process of its own: it takes standard output over."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[2]


def lines(script: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import os, logging\nfrom chalicelib.worker import log\n{script}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.splitlines()


def events(script: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(script)]


def test_an_event_is_a_line_of_json_with_its_fields() -> None:
    (event,) = events("log.begin(); log.Log(worker='w').about(uid='u').info('serving', status='STARTING')")
    assert event.pop("at").endswith("+00:00")
    assert event == {"level": "info", "event": "serving", "worker": "w", "uid": "u", "status": "STARTING"}


def test_what_a_library_prints_goes_nowhere() -> None:
    assert lines("log.begin(); print('Login event: timeout', flush=True); os.write(1, b'code')") == []


def test_what_a_library_logs_goes_nowhere() -> None:
    script = "log.begin(); logging.basicConfig(level=10); logging.getLogger('whatsmeow').error('key')"
    assert lines(script) == []


def test_an_error_is_named_and_not_quoted() -> None:
    (event,) = events("log.begin()\ntry: 1 / 0\nexcept ZeroDivisionError: log.Log().warning('broken')")
    assert event["error"] == "ZeroDivisionError"
    assert "division" not in json.dumps(event)


def test_the_next_image_of_the_process_gets_its_standard_output_back() -> None:
    assert lines("log.hand_back(log.begin()); os.execvp('echo', ['echo', 'next'])") == ["next"]


def test_a_log_that_nobody_reads_ends_nothing() -> None:
    script = """
kept = log.begin(); import signal; signal.signal(signal.SIGPIPE, signal.SIG_IGN)
read, write = os.pipe(); os.close(read); os.dup2(write, kept)
log.Log().info('lost'); os._exit(0)
"""
    assert lines(script) == []


def test_a_thread_or_a_callback_that_breaks_is_told_by_its_error_and_not_its_text() -> None:
    thread, callback = events("""
import ctypes, threading
log.tell_of_threads(log.Log(worker='w')) if log.begin() else None
def breaks(): raise ValueError('code')
thread = threading.Thread(target=breaks, name='mailbox'); thread.start(); thread.join()
ctypes.CFUNCTYPE(None)(breaks)()
""")
    assert (thread["event"], thread["thread"], thread["error"]) == ("thread_broken", "mailbox", "ValueError")
    assert (callback["event"], callback["error"], callback["worker"]) == ("callback_broken", "ValueError", "w")
    assert "code" not in json.dumps([thread, callback])
