"""Putting what the client wrote on the disk while nothing goes on, so that the loss of a host costs little."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from chalicelib.worker.device.checkpoint import checkpoint, written_at

SETTLES_IN: Final = 20_000
"""Milliseconds after a login until its keys go to the disk: by then the client has written them all."""
EVERY: Final = 300_000
"""Milliseconds between two checkpoints: each is a short process."""


class Quiet:
    """Decides when the write-ahead log is worth a checkpoint. Times are monotonic milliseconds."""

    def __init__(
        self,
        database: Path,
        *,
        checkpoint: Callable[[Path], bool] = checkpoint,
        written_at: Callable[[Path], int] = written_at,
    ) -> None:
        self._database = database
        self._checkpoint = checkpoint
        self._written_at = written_at
        self._next_at: int | None = None
        self._done_to = 0

    def connected(self, now: int) -> None:
        """The client has logged in."""
        if self._next_at is None:
            self._next_at = now + SETTLES_IN

    def tick(self, now: int) -> None:
        """Write the log to the disk if it is time, and something was written since."""
        if self._next_at is not None and now >= self._next_at:
            self._next_at = now + EVERY
            self.settle()

    def settle(self) -> None:
        """Write the log to the disk now, if something was written since."""
        written = self._written_at(self._database)
        if written != self._done_to and self._checkpoint(self._database):
            self._done_to = written
