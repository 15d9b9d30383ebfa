"""The store of a linked device, in the library's own tables."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.wire.node import Jid
from chalicelib.worker.linking.pairing import LinkedDevice
from chalicelib.worker.linking.registration import DeviceKeys
from chalicelib.worker.linking.store import store
from chalicelib.worker.session.device import is_linked

pytestmark = pytest.mark.subprocess

DEVICE = LinkedDevice(
    jid=Jid("6281234567890", "s.whatsapp.net", 3),
    lid=Jid("2204", "lid", 3),
    platform="android",
    business_name="Kopi",
    keys=DeviceKeys(),
    secret=bytes(32),
    details=b"details",
    account_key=b"k" * 32,
    account_signature=b"s" * 64,
    device_signature=b"d" * 64,
)


def rows(database: Path, table: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608


def test_a_device_has_the_rows_that_the_library_s_own_linking_writes(tmp_path: Path, empty: bytes) -> None:
    database = tmp_path / "device-0000000001.db"
    store(DEVICE, database, empty=empty)
    (row,) = rows(database, "whatsmeow_device")
    keys = DEVICE.keys
    assert (row["jid"], row["lid"]) == ("6281234567890:3@s.whatsapp.net", "2204:3@lid")
    assert (row["noise_key"], row["identity_key"]) == (keys.noise.private, keys.identity.private)
    assert (row["registration_id"], row["signed_pre_key_id"], row["push_name"]) == (keys.registration_id, 1, "")
    assert rows(database, "whatsmeow_lid_map") == [{"lid": "2204", "pn": "6281234567890"}]
    assert rows(database, "whatsmeow_identity_keys") == [
        {"our_jid": row["jid"], "their_id": "2204_1:0", "identity": b"k" * 32}
    ]
    assert is_linked(database)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert [file.name for file in tmp_path.iterdir()] == [database.name]


def test_a_device_without_a_lid_is_stored_as_well(tmp_path: Path, empty: bytes) -> None:
    store(replace(DEVICE, lid=None), tmp_path / "device.db", empty=empty)
    assert rows(tmp_path / "device.db", "whatsmeow_identity_keys") == []


def test_a_device_that_doesn_t_fit_leaves_nothing(tmp_path: Path, empty: bytes) -> None:
    with pytest.raises(sqlite3.Error):
        store(replace(DEVICE, account_key=b"short"), tmp_path / "device.db", empty=empty)
    assert list(tmp_path.iterdir()) == []


def test_what_an_unfinished_linking_left_is_replaced_with_its_log(tmp_path: Path, empty: bytes) -> None:
    database = tmp_path / "device.db"
    database.write_bytes(empty)
    database.with_name("device.db-wal").write_bytes(b"of another database")
    store(DEVICE, database, empty=empty)
    assert len(rows(database, "whatsmeow_device")) == 1


def test_tables_with_further_columns_take_it_too(tmp_path: Path, empty: bytes) -> None:
    newer = tmp_path / "newer.db"
    newer.write_bytes(empty)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("ALTER TABLE whatsmeow_device ADD COLUMN invented TEXT NOT NULL DEFAULT 'x'")
    store(DEVICE, tmp_path / "device.db", empty=newer.read_bytes())
    assert rows(tmp_path / "device.db", "whatsmeow_device")[0]["invented"] == "x"
