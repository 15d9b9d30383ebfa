"""Copies of databases that somebody may still write."""

import threading
from pathlib import Path

import pytest

from chalicelib.worker import copying
from chalicelib.worker.copying import Torn, copy, is_linked
from tests.worker.databases import leave


def test_a_database_that_keeps_changing_is_not_copied(tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    leave(source, "ana")
    over = threading.Event()

    def write() -> None:
        size = 0
        while not over.wait(0.0005):
            with source.open("ab") as file:
                file.write(b"x")
            size += 1

    writer = threading.Thread(target=write)
    source.write_bytes(source.read_bytes() + bytes(30_000_000))
    writer.start()
    try:
        with pytest.raises(Torn):
            copy(source, tmp_path / "target.db")
    finally:
        over.set()
        writer.join()


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
