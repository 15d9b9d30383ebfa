"""The client library's store of a linked device: an SQLite file whose tables the library has made.

The rows are those that the library's own linking writes, inserted by the columns' names: a library with further columns
of its own, which have defaults, takes them as well. The file is written under another name, synced and renamed. So a
worker that is killed leaves the device under its final name whole, or not at all.
"""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from chalicelib.worker.linking.pairing import LinkedDevice
from chalicelib.worker.linking.registration import SIGNED_PREKEY_ID


def store(device: LinkedDevice, database: Path, *, empty: bytes) -> None:
    """Write ``device`` as the only one of ``database``; ``empty`` is a file with the library's tables and no rows.

    Whoever has the database open loses it. Raises OSError or sqlite3.Error; then there is no device.
    """
    aside = database.with_name(f".copy-{database.name}")
    try:
        _insert(device, aside, empty)
        for suffix in ("-wal", "-shm"):
            # A log that an unfinished linking left would be merged into a database that it doesn't belong to.
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        aside.rename(database)
    finally:
        for suffix in ("", "-wal", "-shm"):
            aside.with_name(aside.name + suffix).unlink(missing_ok=True)
    _sync(database.parent)


def _insert(device: LinkedDevice, file: Path, empty: bytes) -> None:
    file.unlink(missing_ok=True)
    file.write_bytes(empty)
    # Alone with it, as the library will be: no locks and no shared memory on a network file system.
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?vfs=unix-excl", uri=True)) as connection:
        # The library's mode; changing to it is slow, and here nothing is synced before the end.
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=WAL")
        with connection:
            for table, row in _rows(device):
                columns, marks = ", ".join(row), ", ".join("?" * len(row))
                # Names are ours; the values go by the marks.
                connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
    _sync(file)


def _rows(device: LinkedDevice) -> list[tuple[str, dict[str, Any]]]:
    keys = device.keys
    rows: list[tuple[str, dict[str, Any]]] = [
        (
            "whatsmeow_device",
            {
                "jid": str(device.jid),
                "lid": str(device.lid) if device.lid else "",
                "registration_id": keys.registration_id,
                "noise_key": keys.noise.private,
                "identity_key": keys.identity.private,
                "signed_pre_key": keys.signed_prekey.private,
                "signed_pre_key_id": SIGNED_PREKEY_ID,
                "signed_pre_key_sig": keys.signature,
                "adv_key": device.secret,
                "adv_details": device.details,
                "adv_account_sig": device.account_signature,
                "adv_account_sig_key": device.account_key,
                "adv_device_sig": device.device_signature,
                "platform": device.platform,
                "business_name": device.business_name,
            },
        )
    ]
    if device.lid:
        rows += [
            ("whatsmeow_lid_map", {"lid": device.lid.user, "pn": device.jid.user}),
            (
                "whatsmeow_identity_keys",
                {"our_jid": str(device.jid), "their_id": f"{device.lid.user}_1:0", "identity": device.account_key},
            ),
        ]
    return rows


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        with suppress(OSError):
            os.close(descriptor)
