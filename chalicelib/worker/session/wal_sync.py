"""Syncing the client's write-ahead log (WAL) to the disk while little goes on, so that the loss of a host costs little.

The client writes with ``synchronous=NORMAL``: a commit appends to the WAL and syncs nothing. Its own connection merges
the WAL into the database by SQLite's automatic checkpoint (each 1,000 pages), which syncs both files. In between, an
fsync of the WAL alone makes every commit in it durable: opening a database reads back whatever complete transactions
the WAL holds (https://www.sqlite.org/fileformat2.html#walformat).

The database itself is never opened here, nor by anybody else while the client uses it. The client opens it with
``vfs=unix-excl``, which holds one exclusive POSIX lock on the database file for as long as it is open and keeps the
WAL's index in memory; POSIX locks belong to the process, so closing any other descriptor of that file in this process
would drop the lock (https://www.sqlite.org/howtocorrupt.html, 2.2). There is no lock on the ``-wal`` file.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from chalicelib.worker.waiting import Bounded

SETTLES_IN: Final = 20_000
"""Milliseconds after a login until its keys go to the disk: by then the client has written them all."""
EVERY: Final = 300_000
"""Milliseconds between two syncs."""
LASTS: Final = 3.0
"""Seconds that a sync may take before the worker goes on without it."""


def sync_file(path: Path) -> bool:
    """Put what was written to ``path``, by any process of this host, on the disk; return whether that worked."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        os.fsync(descriptor)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def last_write(path: Path) -> int:
    """Return when ``path`` was last written to, in nanoseconds of the file system's clock; 0 if there is no such file.

    There is no WAL once the client has closed its database, which it may do at any time.
    """
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


class WalSync:
    """Decides when the WAL of ``database`` is worth a sync, and syncs it. Times are monotonic milliseconds."""

    def __init__(
        self,
        database: Path,
        *,
        sync: Callable[[Path], bool] = sync_file,
        written_at: Callable[[Path], int] = last_write,
    ) -> None:
        wal = database.with_name(database.name + "-wal")
        self._sync = Bounded(partial(sync, wal), LASTS)
        self._written_at = partial(written_at, wal)
        self._next_at: int | None = None
        self._done_to = 0

    def connected(self, now: int) -> None:
        """The client has logged in."""
        if self._next_at is None:
            self._next_at = now + SETTLES_IN

    def tick(self, now: int) -> None:
        """Sync the WAL if it is time, and something was written since."""
        if self._next_at is not None and now >= self._next_at:
            self._next_at = now + EVERY
            self.settle()

    def settle(self) -> None:
        """Sync the WAL now, if something was written since; a sync that fails or hangs is tried again the next time."""
        written = self._written_at()
        if written != self._done_to and self._sync():
            self._done_to = written
