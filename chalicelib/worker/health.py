"""The worker's heartbeat, and the container's health check that reads it.

The heartbeat is a number in a file that stays open: no reader ever sees half of it, and a disk that refuses is no
reason to stop serving. The check, ``python -m chalicelib.worker.health [SECONDS]``, ends with 0 for healthy and 1 for
not. It loads neither AWS's nor WhatsApp's library, since it runs every half minute beside the worker on a quarter of a
processor. What it finds is told, not acted on: a worker that can't prove its lease throws its client away by itself,
and waits, healthy.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from chalicelib.config import settings
from chalicelib.worker import monotonic


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


STALE_AFTER: Final = 60.0
"""Seconds without a beat. At rest there is one every 10 at least, and one before each pause between two tries."""


def complaint(path: Path | None, *, within: float, now: int) -> str | None:
    """Return what is wrong, as a sentence, or None; ``within`` is seconds, ``now`` in the heartbeat's milliseconds."""
    if path is None:
        return "HEARTBEAT isn't set, so nobody can tell whether the worker lives."
    beat = last_beat(path)
    if beat is None:
        return "The worker hasn't begun yet."
    silence = (now - beat) / 1000
    # A beat from the future is another boot's.
    if not 0 <= silence <= within:
        return f"The worker's main thread hasn't come round for {silence:.0f} s."
    return None


def main(arguments: list[str]) -> int:
    """Say a sentence, and return the exit code."""
    within = float(arguments[0]) if arguments else STALE_AFTER
    wrong = complaint(settings().heartbeat, within=within, now=monotonic())
    sys.stdout.write(f"{wrong or 'The worker lives.'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
