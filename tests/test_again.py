import os
from pathlib import Path
from textwrap import dedent

import pytest

from tests.again import MOST, main

pytestmark = pytest.mark.subprocess

UNSTEADY = """
    from pathlib import Path

    def test_it():
        marker = Path(__file__).with_suffix(".seen")
        seen = marker.exists()
        marker.touch()
        assert seen
"""
FALSE = """
    def test_it():
        assert False
"""
TRUE = """
    def test_it():
        assert True
"""


def run(directory: Path, **tests: str) -> int:
    for name, text in tests.items():
        (directory / f"test_{name}.py").write_text(dedent(text))
    return main(["-c", os.devnull, "--rootdir", str(directory), str(directory), "-q", "-n", "1"])


def test_what_fails_once_and_passes_alone_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, unsteady=UNSTEADY, fine=TRUE) == 0
    told = capfd.readouterr().out
    assert "1 failed, 1 passed" in told
    assert "passed alone:\n  test_unsteady.py::test_it\n" in told


def test_what_fails_again_has_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, wrong=FALSE, unsteady=UNSTEADY, fine=TRUE) == 1
    told = capfd.readouterr().out
    assert "1 failed, 1 passed" in told.rpartition("Once more")[2]
    assert "passed alone:\n  test_unsteady.py::test_it\n" in told


def test_many_failures_stand(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, **{f"unsteady_{count}": UNSTEADY for count in range(MOST + 1)}) == 1
    assert "Once more" not in capfd.readouterr().out


def test_what_passes_is_not_run_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, fine=TRUE) == 0
    assert "Once more" not in capfd.readouterr().out
