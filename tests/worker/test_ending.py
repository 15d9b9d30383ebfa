"""Going on in a fresh image of the same process."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SCRIPT = """
import os, signal, sys, threading
from chalicelib.worker import log
from chalicelib.worker.ending import Again, Exit, end
from chalicelib.worker.order import Handover, from_environment
from chalicelib.services.ports import Order
from dataclasses import replace

descriptor = log.begin()
handover = from_environment()
blocked = signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())
log.Log().info("image", pid=os.getpid(), failures=handover.failures, blocked=blocked, arguments=sys.argv[1:])
threading.Thread(target=threading.Event().wait).start()  # as the client library leaves them
end(Exit(75) if handover.failures else Again(replace(handover, failures=4)), log_descriptor=descriptor)
"""


def test_the_next_image_is_the_same_process_with_what_was_handed_over(tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text(SCRIPT)
    environment = {"SWITCHBOARD_WORKER": "w", "SWITCHBOARD_MAILBOX": "m", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(script), "an", "argument"], env=environment, stdout=subprocess.PIPE, text=True
    )
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 75
    first, second = out.splitlines()
    assert f'"pid": {process.pid}, "failures": 0, "blocked": false, "arguments": ["an", "argument"]' in first
    assert f'"pid": {process.pid}, "failures": 4, "blocked": true, "arguments": ["an", "argument"]' in second
