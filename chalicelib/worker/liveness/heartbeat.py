"""The heartbeat: a file with the time at which the worker's main thread last came round, for the container's check.

A number in a file that stays open: nothing that reads it ever sees half of it, and a disk that refuses is no reason to
stop serving.
"""

import os
from contextlib import suppress
from pathlib import Path

from chalicelib.worker.clock import monotonic


class Heartbeat:
    """The writing side; None for a path writes nothing."""

    def __init__(self, path: Path | None) -> None:
        self._file: int | None = None
        if path is not None:
            with suppress(OSError):
                self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)

    def beat(self) -> None:
        """Write that the caller's thread lives."""
        if self._file is not None:
            with suppress(OSError):
                os.pwrite(self._file, b"%020d" % monotonic(), 0)


def last_beat(path: Path) -> int | None:
    """Return when (as ``monotonic`` tells) the worker last came round, None if it never has."""
    try:
        return int(path.read_bytes())
    except (OSError, ValueError):
        return None
