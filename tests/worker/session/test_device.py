"""Copies of databases that somebody may still write.

Linked devices on the disk: a copy per epoch."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.worker.session import device as copying
from chalicelib.worker.session.device import Devices, Opened, Overtaken, Torn, Unreadable, copy, is_linked
from tests.worker.databases import devices, leave, log_of

pytestmark = pytest.mark.subprocess


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


def test_a_copy_of_a_file_that_is_being_written_is_given_up_within_two_seconds() -> None:
    assert copying.TRIES * copying.PAUSE <= 2


UID = "01JAVA0000000000000000000A"


def stored(root: Path, epoch: int) -> Path:
    return root / UID / f"device-{epoch:010d}.db"


def test_a_session_begins_without_a_device_in_a_directory_of_its_own(tmp_path: Path) -> None:
    opened = Devices(tmp_path / "devices").open(UID, 1)
    assert opened == Opened(stored(tmp_path / "devices", 1), linked=False)
    assert (tmp_path / "devices" / UID).stat().st_mode & 0o777 == 0o700


def test_a_new_epoch_has_a_copy_with_what_was_only_in_the_log(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "ana")
    assert log_of(stored(tmp_path, 1)).stat().st_size > 0
    opened = Devices(tmp_path).open(UID, 4)
    assert opened == Opened(stored(tmp_path, 4), linked=True, origin=1)
    assert devices(stored(tmp_path, 4)) == ["ana"]
    assert stored(tmp_path, 1).exists()


def test_what_an_old_worker_writes_later_stays_in_its_own_copy(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "ana")
    Devices(tmp_path).open(UID, 2)
    leave(stored(tmp_path, 1), "late")
    assert devices(stored(tmp_path, 2)) == ["ana"]


def test_opening_an_epoch_again_goes_on_with_what_is_there(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "old")
    leave(stored(tmp_path, 2), "new")
    assert Devices(tmp_path).open(UID, 2).linked
    assert devices(stored(tmp_path, 2)) == ["new"]


def test_the_newest_epoch_is_what_counts(tmp_path: Path) -> None:
    leave(stored(tmp_path, 2), "two")
    leave(stored(tmp_path, 10), "ten")
    Devices(tmp_path).open(UID, 11)
    assert devices(stored(tmp_path, 11)) == ["ten"]


@pytest.mark.parametrize("before", [(), (3,), (4,)])
def test_a_later_epoch_s_database_keeps_an_earlier_one_from_opening_any(
    tmp_path: Path, before: tuple[int, ...]
) -> None:
    """So it is where a table was put back and the files were not: the session isn't taken for unlinked."""
    for epoch in (*before, 9):
        leave(stored(tmp_path, epoch), "ana")
    with pytest.raises(Overtaken, match=r"device-0000000009\.db is there, and epoch 4 is in force"):
        Devices(tmp_path).open(UID, 4)
    assert [stored(tmp_path, epoch).exists() for epoch in (*before, 9)] == [True] * (len(before) + 1)
    assert Devices(tmp_path).open(UID, 9).linked


def test_an_epoch_above_all_that_the_files_have_goes_on_with_the_newest(tmp_path: Path) -> None:
    leave(stored(tmp_path, 4), "old")
    leave(stored(tmp_path, 9), "new")
    assert Devices(tmp_path).open(UID, 1_000_004).origin == 9
    assert devices(stored(tmp_path, 1_000_004)) == ["new"]


def test_a_device_that_logged_out_is_not_brought_back_from_an_older_epoch(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "ana")
    leave(stored(tmp_path, 2))
    assert not Devices(tmp_path).open(UID, 3).linked


def test_a_damaged_copy_is_passed_over(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "ana")
    stored(tmp_path, 2).write_bytes(b"SQLite format 3\0" + os.urandom(8_192))
    assert Devices(tmp_path).open(UID, 3).linked
    assert devices(stored(tmp_path, 3)) == ["ana"]


def test_a_torn_database_is_passed_over(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "ana")
    leave(stored(tmp_path, 2), *(f"device {n}" for n in range(2_000)))
    Devices(tmp_path).open(UID, 3)  # merges the log of the second into the third
    whole = stored(tmp_path, 3).read_bytes()
    assert len(whole) > 20_000
    stored(tmp_path, 3).write_bytes(whole[:10_000])
    stored(tmp_path, 2).unlink()
    Devices(tmp_path).open(UID, 4)
    assert devices(stored(tmp_path, 4)) == ["ana"]


def test_nothing_sound_is_an_error_and_not_a_new_device(tmp_path: Path) -> None:
    stored(tmp_path, 1).parent.mkdir()
    stored(tmp_path, 1).write_bytes(os.urandom(8_192))
    with pytest.raises(Unreadable):
        Devices(tmp_path).open(UID, 2)
    assert not stored(tmp_path, 2).exists()


def test_a_copy_that_was_never_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "ana")
    (tmp_path / UID / ".copy-device-0000000002.db").write_bytes(b"half")
    (tmp_path / UID / ".copy-device-0000000002.db-wal").write_bytes(b"half")
    Devices(tmp_path).open(UID, 2)
    assert devices(stored(tmp_path, 2)) == ["ana"]
    assert not list((tmp_path / UID).glob(".copy-*"))


def test_older_epochs_go_once_the_new_one_has_proved_itself(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "ana")
    leave(stored(tmp_path, 2), "ana")
    Devices(tmp_path).prune(UID, 2)
    assert sorted(file.name for file in (tmp_path / UID).glob("*1*")) == []
    assert devices(stored(tmp_path, 2)) == ["ana"]


def test_a_forgotten_device_leaves_no_keys(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "ana")
    leave(stored(tmp_path, 2), "ana")
    Devices(tmp_path).forget(UID, 2)
    assert list((tmp_path / UID).iterdir()) == []
    assert not Devices(tmp_path).open(UID, 3).linked


def test_a_worker_that_thaws_while_it_unlinks_takes_no_later_device(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "ana")
    leave(stored(tmp_path, 2), "bo")
    Devices(tmp_path).forget(UID, 1)
    assert devices(stored(tmp_path, 2)) == ["bo"]
    assert not stored(tmp_path, 1).exists()


def test_a_disk_that_refuses_keeps_older_epochs_and_ends_nothing(tmp_path: Path) -> None:
    stored(tmp_path, 1).mkdir(parents=True)
    Devices(tmp_path).prune(UID, 2)
    assert stored(tmp_path, 1).exists()


def test_erasing_takes_the_directory_and_is_no_error_twice(tmp_path: Path) -> None:
    leave(stored(tmp_path, 1), "ana")
    Devices(tmp_path).erase(UID)
    Devices(tmp_path).erase(UID)
    assert not (tmp_path / UID).exists()
