"""Device databases as the client leaves them."""

import os
import sqlite3
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

LEFT = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA journal_mode=WAL")
database.execute("CREATE TABLE IF NOT EXISTS whatsmeow_device (jid TEXT)")
database.executemany("INSERT INTO whatsmeow_device VALUES (?)", [[jid] for jid in sys.argv[2:]])
database.commit()
os._exit(0)
"""


def leave(database: Path, *jids: str) -> None:
    """Write devices and die, so that they are only in the write-ahead log."""
    database.parent.mkdir(parents=True, exist_ok=True)
    if database.exists():
        _write(database, jids)
        return
    for suffix, content in _left(jids).items():
        database.with_name(database.name + suffix).write_bytes(content)


@cache
def _left(jids: tuple[str, ...]) -> dict[str, bytes]:
    """Return what a writer of ``jids`` leaves behind, by the files' suffixes: dying takes a process, but only once."""
    with TemporaryDirectory() as directory:
        database = Path(directory) / "device.db"
        _write(database, jids)
        return {file.name.removeprefix(database.name): file.read_bytes() for file in Path(directory).iterdir()}


def _write(database: Path, jids: tuple[str, ...]) -> None:
    subprocess.run([sys.executable, "-I", "-S", "-c", LEFT, os.fspath(database), *jids], check=True)


def devices(database: Path) -> list[str]:
    with sqlite3.connect(database) as connection:
        found = [jid for (jid,) in connection.execute("SELECT jid FROM whatsmeow_device")]
    connection.close()
    return found


def log_of(database: Path) -> Path:
    return database.with_name(database.name + "-wal")
