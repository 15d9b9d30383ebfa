"""Checkpoints from a process of their own."""

import sqlite3
import sys
from pathlib import Path

import pytest

from chalicelib.worker.device.checkpoint import checkpoint, written_at
from tests.worker.databases import leave


def test_what_was_only_in_the_log_is_in_the_database_afterwards(tmp_path: Path) -> None:
    database = tmp_path / "device.db"
    leave(database, "ana")
    before = database.stat().st_size
    assert checkpoint(database)
    assert database.stat().st_size > before


def test_whoever_has_it_open_keeps_it_open(tmp_path: Path) -> None:
    database = tmp_path / "device.db"
    leave(database, "ana")
    client = sqlite3.connect(database)
    client.execute("INSERT INTO whatsmeow_device VALUES ('bob')")
    client.commit()
    assert checkpoint(database)
    client.execute("INSERT INTO whatsmeow_device VALUES ('cid')")
    client.commit()
    assert client.execute("SELECT count(*) FROM whatsmeow_device").fetchone() == (3,)
    client.close()


def test_without_a_database_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert not checkpoint(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
    assert written_at(tmp_path / "none.db") == 0


def test_a_write_shows_in_when_the_log_was_written(tmp_path: Path) -> None:
    database = tmp_path / "device.db"
    leave(database, "ana")
    assert written_at(database) > 0


def test_a_machine_without_a_process_to_spare_puts_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(tmp_path / "device.db", "ana")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert not checkpoint(tmp_path / "device.db")
