"""When the write-ahead log is worth a sync, and what a sync does."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

from chalicelib.worker.session import wal_sync
from chalicelib.worker.session.wal_sync import EVERY, SETTLES_IN, WalSync, last_write, sync_file
from tests.worker.databases import leave, log_of

pytestmark = pytest.mark.subprocess


@dataclass
class Disk:
    written: int = 1
    done: list[Path] = field(default_factory=list)
    works: bool = True

    def wal_sync(self) -> WalSync:
        return WalSync(Path("device.db"), sync=self.sync, written_at=lambda _: self.written)

    def sync(self, wal: Path) -> bool:
        self.done.append(wal)
        return self.works


def test_nothing_is_done_before_the_client_has_logged_in() -> None:
    disk = Disk()
    disk.wal_sync().tick(10 * EVERY)
    assert disk.done == []


def test_the_keys_of_a_login_go_to_the_disk_once_they_are_written() -> None:
    disk = Disk()
    sync = disk.wal_sync()
    sync.connected(0)
    sync.tick(SETTLES_IN - 1)
    assert disk.done == []
    sync.tick(SETTLES_IN)
    assert disk.done == [Path("device.db-wal")]


def test_a_log_that_nobody_wrote_since_is_left_alone() -> None:
    disk = Disk()
    sync = disk.wal_sync()
    sync.connected(0)
    sync.tick(SETTLES_IN)
    sync.tick(SETTLES_IN + EVERY)
    assert len(disk.done) == 1
    disk.written += 1
    sync.tick(SETTLES_IN + 2 * EVERY)
    assert len(disk.done) == 2


def test_a_reconnection_does_not_put_it_off() -> None:
    disk = Disk()
    sync = disk.wal_sync()
    sync.connected(0)
    sync.connected(SETTLES_IN - 1)
    sync.tick(SETTLES_IN)
    assert len(disk.done) == 1


def test_a_sync_that_failed_is_made_again() -> None:
    disk = Disk(works=False)
    sync = disk.wal_sync()
    sync.settle()
    sync.settle()
    assert len(disk.done) == 2


def test_a_disk_that_hangs_holds_nobody_up(monkeypatch) -> None:
    monkeypatch.setattr(wal_sync, "LASTS", 0.05)
    never, calls = Event(), list[Path]()

    def hang(wal: Path) -> bool:
        calls.append(wal)
        return never.wait(60)

    sync = WalSync(Path("device.db"), sync=hang, written_at=lambda _: 1)
    sync.settle()
    sync.settle()  # the first still hangs: no second thread waits beside it
    never.set()
    assert len(calls) == 1


def test_a_sync_needs_a_log_and_makes_none(tmp_path: Path) -> None:
    assert not sync_file(tmp_path / "none.db-wal")
    assert last_write(tmp_path / "none.db-wal") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_sync_leaves_an_exclusive_client_its_lock(tmp_path: Path) -> None:
    database = tmp_path / "device.db"
    leave(database, "ana")
    client = sqlite3.connect(f"file:{database}?vfs=unix-excl", uri=True)
    client.execute("INSERT INTO whatsmeow_device VALUES ('bob')")
    client.commit()
    assert last_write(log_of(database)) > 0
    WalSync(database).settle()
    assert sync_file(log_of(database))
    assert is_locked(database)
    client.close()
    assert not is_locked(database)


def is_locked(database: Path) -> bool:
    """Whether another process is refused: this one wouldn't be by its own lock."""
    import subprocess
    import sys

    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('SELECT * FROM whatsmeow_device')"
    asked = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(database)], capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0 or "database is locked" in asked.stderr, asked.stderr
    return asked.returncode != 0
