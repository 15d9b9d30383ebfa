"""What the container's health check finds."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.worker import monotonic
from chalicelib.worker.health import Heartbeat, complaint, last_beat
from chalicelib.worker.waiting import EventQueue, Rung
from tests.local.patience import until
from tests.worker.processes import ROOT, ProcessHarness, told

pytestmark = pytest.mark.subprocess


def check(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the check as the container does: a process of its own with a bare environment."""
    command = [sys.executable, "-m", "chalicelib.worker.health", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={"HEARTBEAT": str(path)}, capture_output=True, text=True, check=False, timeout=30
    )


def test_looking_into_the_inbox_is_the_sign_of_life(tmp_path: Path) -> None:
    events, before = EventQueue(Heartbeat(tmp_path / "beat").beat), monotonic()
    events.put(Rung())
    assert last_beat(tmp_path / "beat") is None
    events.next(1)
    beat = last_beat(tmp_path / "beat")
    assert beat
    assert before <= beat <= monotonic()
    assert complaint(tmp_path / "beat", within=60, now=beat + 60_000) is None


@pytest.mark.parametrize("seconds", [61, -1])
def test_an_old_beat_or_another_boot_s_is_no_sign_of_life(tmp_path: Path, seconds: int) -> None:
    Heartbeat(tmp_path / "beat").beat()
    beat = last_beat(tmp_path / "beat")
    assert beat
    assert "hasn't come round" in str(complaint(tmp_path / "beat", within=60, now=beat + seconds * 1000))


def test_a_worker_that_never_began_is_not_healthy(tmp_path: Path) -> None:
    assert complaint(tmp_path / "beat", within=60, now=0) == "The worker hasn't begun yet."
    assert "HEARTBEAT" in str(complaint(None, within=60, now=0))


def test_a_disk_that_refuses_stops_nobody(tmp_path: Path) -> None:
    Heartbeat(tmp_path / "missing" / "beat").beat()
    Heartbeat(None).beat()


def test_a_serving_worker_is_healthy_and_a_frozen_one_is_not(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        beat = tmp_path / "beat"
        worker = await harness.start(HEARTBEAT=str(beat))
        await harness.code()
        well = await asyncio.to_thread(check, beat)
        assert (well.returncode, well.stdout) == (0, "The worker lives.\n")
        os.kill(worker.pid, signal.SIGSTOP)
        await until(lambda: complaint(beat, within=1, now=monotonic()))
        frozen = await asyncio.to_thread(check, beat, "1")
        assert frozen.returncode == 1
        assert frozen.stdout.startswith("The worker's main thread hasn't come round for")

    told(tmp_path, story)


def test_the_check_loads_neither_library() -> None:
    code = "import chalicelib.worker.health, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"boto3", "botocore", "neonize", "asyncio", "http"}.isdisjoint(loaded.split())
