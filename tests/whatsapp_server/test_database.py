"""The file of what passes through the server."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from infra.whatsapp_server.storage import Database

pytestmark = pytest.mark.subprocess

ADD = "INSERT INTO phone_prekeys VALUES (?, ?)"
ALL = "SELECT number, last FROM phone_prekeys ORDER BY last"


def test_a_change_outlives_the_connection(tmp_path: Path, database: Database) -> None:
    assert database.run(ADD, "628", 1) == 1
    database.close()
    again = Database(tmp_path / "messages.db")
    again.open()
    assert again.rows(ALL) == [("628", 1)]
    again.close()


def test_a_change_outlives_a_killed_process(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from infra.whatsapp_server.storage import Database\n"
        "database = Database(Path(sys.argv[1])); database.open()\n"
        f"database.run({ADD!r}, '628', 1); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "messages.db")], check=False, timeout=100)
    database = Database(tmp_path / "messages.db")
    database.open()
    assert database.rows(ALL) == [("628", 1)]
    database.close()


def test_a_transaction_that_fails_changes_nothing(database: Database) -> None:
    def half() -> None:
        with database.transaction():
            database.run(ADD, "628", 1)
            with database.transaction():
                database.run(ADD, "629", 2)
            raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        half()
    assert database.rows(ALL) == []


def test_an_inner_transaction_belongs_to_the_outer(database: Database) -> None:
    with database.transaction():
        with database.transaction():
            database.run(ADD, "628", 1)
        database.run(ADD, "629", 2)
    assert database.rows(ALL) == [("628", 1), ("629", 2)]


def test_only_its_owner_reads_it(tmp_path: Path, database: Database) -> None:
    database.run(ADD, "628", 1)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("messages.db*")}
    assert modes == {0o600}


def test_one_that_isnt_open_refuses(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.ProgrammingError):
        Database(tmp_path / "messages.db").rows(ALL)


def test_a_file_from_before_a_column_was_added_keeps_its_rows(tmp_path: Path, database: Database) -> None:
    database.run(
        "INSERT INTO mail (number, device, tag, id, type, sender, stanza) VALUES ('6', 0, 'a', 'b', '', '', '')"
    )
    database.run("ALTER TABLE mail DROP COLUMN participant")
    database.close()
    again = Database(tmp_path / "messages.db")
    again.open()
    assert again.rows("SELECT id, participant FROM mail") == [("b", "")]
    again.close()
