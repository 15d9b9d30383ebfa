"""Copying a device's SQLite database from under a worker that is dead, or should be."""

import os
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

TRIES: Final = 5
PAUSE: Final = 0.2
"""Seconds between tries: a worker that still writes is about to be ended by its fence."""


class Torn(Exception):
    """The copy isn't sound: the database changed meanwhile, or was damaged before."""


def copy(source: Path, target: Path) -> bool:
    """Copy the database and its write-ahead log to ``target``, merged and checked; return whether a device is in it.

    The ``-shm`` file is an index for running processes and never copied. ``target`` is on the disk when this returns.
    Raises Torn; then ``target`` is worth nothing.
    """
    log, copied = (file.with_name(file.name + "-wal") for file in (source, target))
    for _ in range(TRIES):
        before = _state(source), _state(log)
        # A log that another try left would be merged into a database that it doesn't belong to.
        copied.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(source, target)
            if log.exists():
                shutil.copyfile(log, copied)
            if before == (_state(source), _state(log)):
                break
        time.sleep(PAUSE)
    else:
        raise Torn(f"{source.name} is being written")
    linked = _merge_and_check(target)
    _sync(target)
    return linked


def is_linked(database: Path) -> bool:
    """Return whether a linked device is in ``database``; one that the client never finished has none."""
    with closing(_connect(database)) as connection:
        return _has_device(connection)


def sync_directory(home: Path) -> None:
    """Put a rename within ``home`` on the disk."""
    _sync(home)


def _merge_and_check(database: Path) -> bool:
    try:
        with closing(_connect(database)) as connection:
            # One fsync at the end does for all: until then this is nobody's database.
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            verdict = connection.execute("PRAGMA integrity_check").fetchone()
            if verdict != ("ok",):
                raise Torn(f"{database.name}: integrity_check")
            return _has_device(connection)
    except sqlite3.DatabaseError as error:
        raise Torn(database.name) from error


def _connect(database: Path) -> sqlite3.Connection:
    """Open a database that nobody else has open, with as few locks as the client does: each is a round trip on EFS."""
    return sqlite3.connect(f"{database.absolute().as_uri()}?vfs=unix-excl", uri=True)


def _has_device(connection: sqlite3.Connection) -> bool:
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'whatsmeow_device'").fetchone()
    return bool(made and connection.execute("SELECT 1 FROM whatsmeow_device LIMIT 1").fetchone())


def _state(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
