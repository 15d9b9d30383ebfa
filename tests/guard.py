"""Which tests start processes, and a guard that no other test does.

``make quick`` runs the tests that start none. A module, or a single test, that starts processes has the mark
``subprocess``; in ``FOLDERS`` all have it, and elsewhere who uses one of ``FIXTURES``. A test without the mark that
starts a process fails, in every run.
"""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

FOLDERS: Final = frozenset(("edge", "flows"))
"""Folders of ``tests`` all of whose tests start processes."""
FIXTURES: Final = frozenset(("browser", "stack"))
"""Fixtures that start processes; whoever uses one, also by another fixture, says so with it."""
STARTS: Final = frozenset(
    ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen")
)
"""The audit events of Python that tell of a process: https://docs.python.org/3/library/audit_events.html."""

_guarded: list[str] = []
"""The test that runs now, if it may not start a process."""


def starts_processes(path: Path, tests: Path, fixtures: Collection[str] = ()) -> bool:
    """Return whether a test of a file starts processes, by its folder or by the fixtures that it uses."""
    return path.relative_to(tests).parts[0] in FOLDERS or not FIXTURES.isdisjoint(fixtures)


@contextmanager
def guarded(item: pytest.Item) -> Iterator[None]:
    """Fail the test if it starts a process without saying so."""
    if item.get_closest_marker("subprocess") is None:
        _guarded.append(item.nodeid)
    try:
        yield
    finally:
        _guarded.clear()


def refuse_processes() -> None:
    """Watch this process from now on; an audit hook can't be taken back."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if _guarded and event in STARTS:
        what = " ".join((event, *map(str, arguments[:1])))
        pytest.fail(f"{_guarded[0]} starts a process ({what}): mark it with @pytest.mark.subprocess.")
