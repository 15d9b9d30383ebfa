"""What runs at a client's start: the trust in the loopback server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.subprocess


STARTUP = Path("infra/whatsapp_server/startup").resolve()


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(STARTUP)} | more


def run(code: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=False, env=environment(**more), capture_output=True, text=True, timeout=100)


def test_a_process_without_the_variables_is_untouched() -> None:
    seen = run("import sys; print('ctypes' in sys.modules, 'root_key' in sys.modules, len(sys.meta_path))")
    plain = run("import sys; print(False, False, len(sys.meta_path))", PYTHONPATH="")
    assert seen.stdout == plain.stdout


def test_a_sitecustomize_further_along_the_path_still_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.customized = __name__", encoding="utf-8")
    done = run("import sys; print(sys.customized)", PYTHONPATH=f"{STARTUP}{os.pathsep}{tmp_path}")
    assert done.stdout == "sitecustomize\n"


def test_the_root_key_is_overwritten_in_memory_alone() -> None:
    key = "ab" * 32
    code = (
        "import neonize, root_key, ctypes\n"
        "print(len(root_key._places()))\n"
        "root_key._WHATSAPP_ROOT = bytes.fromhex('ab' * 32)\n"
        "print(len(root_key._places()))"
    )
    assert run(code, LOOPBACK_WHATSAPP_ROOT_KEY=key).stdout.split() == ["0", "1"]


def test_a_library_without_the_key_ends_the_process_with_a_sentence() -> None:
    code = "import root_key; root_key._WHATSAPP_ROOT = bytes(range(32)); import neonize; print('alive')"
    done = run(code, LOOPBACK_WHATSAPP_ROOT_KEY="ab" * 32)
    assert (done.returncode, done.stdout) == (1, "")
    assert "root key 0 times" in done.stderr
