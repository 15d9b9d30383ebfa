"""Copies of databases that somebody may still write."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.worker.device import copying
from chalicelib.worker.device.copying import Torn, copy, is_linked
from tests.worker.databases import devices, leave, log_of


def test_a_database_that_keeps_changing_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source.db"
    leave(source, "ana")
    read = shutil.copyfile

    def read_while_it_is_written(file: Path, target: Path) -> Path:
        copied = read(file, target)
        with source.open("ab") as growing:
            growing.write(b"x")
        return copied

    monkeypatch.setattr(shutil, "copyfile", read_while_it_is_written)
    with pytest.raises(Torn):
        copy(source, tmp_path / "target.db")


def test_a_log_that_was_merged_while_it_was_copied_is_not_merged_again(tmp_path: Path) -> None:
    source, target = tmp_path / "source.db", tmp_path / "target.db"
    leave(source, "ana")
    # What an earlier try copied, before the client closed its database.
    target.with_name("target.db-wal").write_bytes(log_of(source).read_bytes())
    with closing(sqlite3.connect(source)) as client:
        client.execute("DELETE FROM whatsmeow_device")
        client.commit()
        client.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not copy(source, target)
    assert devices(target) == []


def test_a_database_that_vanishes_is_none(tmp_path: Path) -> None:
    with pytest.raises(Torn):
        copy(tmp_path / "gone.db", tmp_path / "target.db")


def test_no_shared_memory_file_is_copied(tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    leave(source, "ana")
    assert (tmp_path / "source.db-shm").exists()
    assert copy(source, tmp_path / "target.db")
    assert sorted(file.name for file in tmp_path.glob("target*")) == ["target.db"]


def test_a_database_that_the_client_never_finished_has_no_device(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert not is_linked(tmp_path / "empty.db")


def test_a_worker_waits_for_a_fence_to_fall_and_no_longer() -> None:
    assert copying.TRIES * copying.PAUSE <= 2
