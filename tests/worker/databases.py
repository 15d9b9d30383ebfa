"""Device databases as the client leaves them."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

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
    subprocess.run([sys.executable, "-c", LEFT, os.fspath(database), *jids], check=True)


def devices(database: Path) -> list[str]:
    with sqlite3.connect(database) as connection:
        found = [jid for (jid,) in connection.execute("SELECT jid FROM whatsmeow_device")]
    connection.close()
    return found


def log_of(database: Path) -> Path:
    return database.with_name(database.name + "-wal")
