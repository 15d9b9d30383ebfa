"""What runs at a worker's start: its end with the stack."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.subprocess

STARTUP = Path("infra/local/startup").resolve()
WAIT = "import signal; print('ready', flush=True); signal.pause()"


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(STARTUP)} | more


def run(code: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=False, env=environment(**more), capture_output=True, text=True, timeout=100)


def watched(code: str, *, reading: int, **more: str) -> subprocess.Popen[bytes]:
    """Start a process that watches the pipe `reading`, and wait until it runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment(SWITCHBOARD_PARENT_PIPE=str(reading), **more), pass_fds=[reading], stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_watching_process_ends_when_the_pipe_closes() -> None:
    reading, writing = os.pipe()
    with watched(WAIT, reading=reading) as process:
        os.close(reading)
        assert process.poll() is None
        os.close(writing)
        assert process.wait(60) == 1


def test_a_process_goes_on_watching_after_it_re_executed_itself() -> None:
    reading, writing = os.pipe()
    again = f"import os, sys; os.execv(sys.executable, [sys.executable, '-c', {WAIT!r}])"
    with watched(again, reading=reading) as process:
        os.close(reading)
        os.close(writing)
        assert process.wait(60) == 1


def test_even_a_frozen_process_ends_with_its_parent() -> None:
    reading, writing = os.pipe()
    parent = (
        "import subprocess, sys, os, signal\n"
        f"child = subprocess.Popen([sys.executable, '-c', {WAIT!r}], pass_fds=[{reading}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); os.kill(child.pid, signal.SIGSTOP)\n"
        "print(child.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    started = environment(SWITCHBOARD_PARENT_PIPE=str(reading))
    done = subprocess.run(
        [sys.executable, "-c", parent], check=False, env=started, pass_fds=[reading], capture_output=True
    )
    os.close(reading)
    os.close(writing)
    assert done.returncode == -signal.SIGKILL
    assert gone(int(done.stdout))


def gone(pid: int) -> bool:
    """Wait until a process that isn't our child has ended; its entry may stay until its new parent looks."""
    import time

    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_descendant_without_the_pipe_is_left_alone() -> None:
    assert run("print('alive')", SWITCHBOARD_PARENT_PIPE="63").stdout == "alive\n"


def test_a_process_without_the_variables_is_untouched() -> None:
    seen = run("import sys; print('ctypes' in sys.modules, 'parent_watch' in sys.modules, len(sys.meta_path))")
    plain = run("import sys; print(False, False, len(sys.meta_path))", PYTHONPATH="")
    assert seen.stdout == plain.stdout


def test_a_sitecustomize_further_along_the_path_still_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.customized = __name__", encoding="utf-8")
    done = run("import sys; print(sys.customized)", PYTHONPATH=f"{STARTUP}{os.pathsep}{tmp_path}")
    assert done.stdout == "sitecustomize\n"


def test_both_startups_run_and_each_once(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.customized = getattr(sys, 'customized', 0) + 1")
    path = os.pathsep.join(map(str, (Path("infra/whatsapp_server/startup").resolve(), STARTUP, tmp_path)))
    reading, writing = os.pipe()
    code = f"import sys; print('ready', flush=True); assert sys.customized == 1; import parent_watch; {WAIT}"
    with watched(code, reading=reading, PYTHONPATH=path) as process:
        os.close(reading)
        os.close(writing)
        assert process.wait(60) == 1
