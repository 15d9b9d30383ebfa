"""Putting the client's write-ahead log on the disk, from a process of its own.

Not from this one: the client's SQLite is another copy of the library, and closing the file here would drop the locks
that the client holds (they belong to the process, not to the descriptor).
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

LASTS: Final = 3.0
"""Seconds that it may take; what didn't make it is still in the log."""

_SCRIPT: Final = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], timeout=2).execute("PRAGMA wal_checkpoint(PASSIVE)")
"""


def checkpoint(database: Path) -> bool:
    """Merge the log into ``database`` and sync both; return whether that worked, in time."""
    command = [sys.executable, "-I", "-S", "-c", _SCRIPT, str(database)]
    try:
        if not database.exists():
            return False
        done = subprocess.run(  # noqa: S603 - our own script over our own path
            command,
            timeout=LASTS,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (subprocess.TimeoutExpired, OSError):
        return False
    return done.returncode == 0


def written_at(database: Path) -> int:
    """Return when the log was last written to, in nanoseconds of the file's own clock; 0 if nobody can tell.

    There is none once the client has closed its database, which it may do at any time.
    """
    try:
        return database.with_name(database.name + "-wal").stat().st_mtime_ns
    except OSError:
        return 0
