"""The real client where it has no connection: what it does to the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "call",
    [
        ["is_connected"],
        ["disconnect"],
        ["logout"],
        ["send", "628777@s.whatsapp.net", "hello"],
        ["contact", "628777000001"],
        ["groups"],
        ["media_connection"],
    ],
    ids=lambda call: str(call[0]),
)
def test_no_call_ends_the_process_before_it_connects_or_after(tmp_path: Path, call: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.worker.whatsapp.early_calls", str(tmp_path / "device.db"), *call],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stderr
