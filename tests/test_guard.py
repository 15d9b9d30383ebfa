"""The guard of tests that start no process, which this one is."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.guard import starts_processes


@pytest.mark.parametrize(
    "start",
    [
        lambda: subprocess.run([sys.executable, "-V"], check=False),
        lambda: os.system("true"),  # noqa: S605 - it doesn't come to that
        lambda: os.posix_spawn(sys.executable, [sys.executable, "-V"], {}),
        os.fork,
    ],
    ids=["subprocess", "system", "posix_spawn", "fork"],
)
def test_a_test_that_does_not_say_so_can_t_start_a_process(start: Callable[[], Any]) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"test_guard.py::.* starts a process .*@pytest.mark.subprocess"):
        start()


@pytest.mark.subprocess
def test_one_that_says_so_can() -> None:
    assert subprocess.run([sys.executable, "-c", ""], check=False).returncode == 0


def test_in_some_folders_all_may_and_elsewhere_who_uses_a_stack_or_a_browser(request: pytest.FixtureRequest) -> None:
    tests = request.config.rootpath / "tests"
    assert starts_processes(tests / "page" / "test_one.py", tests, ["browser", "tmp_path"])
    assert not starts_processes(tests / "page" / "test_one.py", tests, ["tmp_path"])
    assert starts_processes(tests / "flows" / "documents" / "test_one.py", tests)
    assert not starts_processes(tests / "domain" / "test_one.py", tests)
