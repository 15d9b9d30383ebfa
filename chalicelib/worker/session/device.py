"""Linked devices on the disk: a directory per session, named by its uid, and in it one SQLite database per epoch.

Theory of device copies
-----------------------
The client library keeps a linked device (keys, ratchets, names) in one SQLite database in WAL mode. SQLite's WAL needs
all who open a file to be on one host, and EFS is shared by all hosts. So no two processes ever open the same file:

- a worker opens the database of its own epoch, ``device-<epoch>.db``, and nobody else does;
- what it finds of earlier epochs it copies, newest first, with the write-ahead log, while the former worker is dead or
  should be. A copy is taken if neither file changed meanwhile, and used if SQLite's own check passes; else the next
  older one is tried, and if none is sound the device is Unreadable: better not served than served with broken keys;
- the copy is made under another name, synced, and renamed, so that a database with its final name is whole;
- the client's first login proves the copy, and only then are the earlier epochs' databases removed (``prune``);
- a database of a later epoch means that a later claim was in force. Either this worker's claim is over, or the table
  was put back to an older state than that of the files, and counts claims anew. An older database, or none, would be
  taken for the device then, and the session for unlinked: so nothing is opened (``Overtaken``). Who restores a table
  raises the epochs in it above all that the files may have (``services.control.restored``).

A worker that should be dead can therefore only harm its own copy, and a crash at any point leaves either the former
database or the new one. ``service.comes_back`` decides what becomes of two workers that are connected all the same.
"""

import os
import random
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chalicelib.domain.errors import Fenced
from chalicelib.services.ports import Rejected, SessionStore, Unavailable

TRIES: Final = 5
PAUSE: Final = 0.2
"""Seconds between tries: a worker that still writes is about to end itself for want of its lease."""


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


def reading(database: Path) -> sqlite3.Connection:
    """Open a database to read it, while nobody has it open; close it before the client does."""
    connection = _connect(database)
    connection.execute("PRAGMA query_only=ON")
    return connection


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


_PREFIX: Final = "device-"


class Unreadable(Exception):
    """A device is stored, but no copy of it passes SQLite's own check."""


class Overtaken(Fenced):
    """A later epoch has a database of the session's: nothing may be opened under this one."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The epoch's database, and whether a linked device is in it.

    ``origin`` is the epoch whose database it is or was copied from, None for one that is new.
    """

    database: Path
    linked: bool
    origin: int | None = None


@dataclass(frozen=True, slots=True)
class Devices:
    """The linked devices under ``root``."""

    root: Path

    def open(self, uid: str, epoch: int) -> Opened:
        """Return the epoch's database, made from the newest one before it; the client creates it if there is none.

        Call it while holding the lease, and before the client runs: SQLite's locks belong to the process, and closing
        the file here would drop the client's. Raises Unreadable if something is stored and nothing of it is sound, and
        Overtaken if a later epoch has a database.
        """
        home = self.root / uid
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        own, found = _database(home, epoch), _databases(home)
        if found and _epoch(found[-1]) > epoch:
            raise Overtaken(f"{found[-1].name} is there, and epoch {epoch} is in force")
        if own.exists():
            return Opened(own, is_linked(own), epoch)
        _clear(home, ".copy-*")
        for source in reversed(found):
            aside = home / f".copy-{own.name}"
            try:
                linked = copy(source, aside)
            except Torn:
                _clear(home, ".copy-*")
                continue
            aside.rename(own)
            sync_directory(home)
            return Opened(own, linked, _epoch(source))
        if found:
            raise Unreadable(uid)
        return Opened(own, linked=False)

    def prune(self, uid: str, epoch: int) -> None:
        """Remove the databases of earlier epochs; the one of ``epoch`` has proved itself.

        What the disk refuses to remove is left for the next time: it does no harm, and the session is connected.
        """
        with suppress(OSError):
            self.forget(uid, epoch - 1)

    def forget(self, uid: str, epoch: int) -> None:
        """Remove the linked device as far as a worker of ``epoch`` knows it: a later one may have linked another."""
        for database in _databases(self.root / uid):
            if _epoch(database) <= epoch:
                _remove(database)

    def erase(self, uid: str) -> None:
        """Remove everything that is stored for the session.

        On NFS a file that the client still holds open leaves a ``.nfs…`` file until the process ends, and with it the
        directory: the sweep takes that.
        """
        shutil.rmtree(self.root / uid, ignore_errors=True)

    def uids(self) -> list[str]:
        """Return for which sessions something is stored."""
        if not self.root.is_dir():
            return []
        with os.scandir(self.root) as homes:
            return [home.name for home in homes if home.is_dir()]

    def changed_at(self, uid: str) -> float | None:
        """Return when what is stored last changed, in seconds since the Unix epoch; None if it is gone meanwhile."""
        try:
            return (self.root / uid).stat().st_mtime
        except FileNotFoundError:
            return None


def _database(home: Path, epoch: int) -> Path:
    return home / f"{_PREFIX}{epoch:010d}.db"


def _databases(home: Path) -> list[Path]:
    """Return the epochs' databases, oldest first."""
    return sorted(home.glob(f"{_PREFIX}*.db"))


def _epoch(database: Path) -> int:
    return int(database.stem.removeprefix(_PREFIX))


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _clear(home: Path, pattern: str) -> None:
    for leftover in home.glob(pattern):
        leftover.unlink(missing_ok=True)


OLD: Final = 3600.0
"""Seconds since its last change after which a directory may be an orphan."""
AT_ONCE: Final = 20
"""Directories that one sweep looks at, chosen by chance: with ten thousand, looking at each would be felt on EFS."""


def sweep(devices: Devices, sessions: SessionStore, *, now: int) -> int:
    """Erase old directories whose session is gone, and return how many. A uid that is gone never comes back."""
    stored = devices.uids()
    erased = 0
    with suppress(Unavailable, Rejected):
        for uid in random.sample(stored, min(AT_ONCE, len(stored))):
            changed_at = devices.changed_at(uid)
            if changed_at is not None and changed_at < now / 1000 - OLD and sessions.get(uid) is None:
                devices.erase(uid)
                erased += 1
    return erased
