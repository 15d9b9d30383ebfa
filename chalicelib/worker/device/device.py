"""Where linked devices are stored: a directory by uid, and in it one SQLite database per epoch.

A worker only ever opens the database of its own epoch, a copy of the newest one before it. So a worker that should be
dead can only harm its own copy, and no two processes open the same file: what makes SQLite's WAL sound on EFS.
"""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chalicelib.worker.device.copying import Torn, copy, is_linked, sync_directory

_PREFIX: Final = "device-"


class Unreadable(Exception):
    """A device is stored, but no copy of it passes SQLite's own check."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The epoch's database, and whether a linked device is in it."""

    database: Path
    linked: bool


@dataclass(frozen=True, slots=True)
class Devices:
    """The linked devices under ``root``."""

    root: Path

    def open(self, uid: str, epoch: int) -> Opened:
        """Return the epoch's database, made from the newest one before it; the client creates it if there is none.

        Call it while holding the lease, and before the client runs: SQLite's locks belong to the process, and closing
        the file here would drop the client's. Raises Unreadable if something is stored and nothing of it is sound.
        """
        home = self.root / uid
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = _database(home, epoch)
        if own.exists():
            return Opened(own, is_linked(own))
        _clear(home, ".copy-*")
        found = [database for database in _databases(home) if _epoch(database) < epoch]
        for source in reversed(found):
            aside = home / f".copy-{own.name}"
            try:
                linked = copy(source, aside)
            except Torn:
                _clear(home, ".copy-*")
                continue
            aside.rename(own)
            sync_directory(home)
            return Opened(own, linked)
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
