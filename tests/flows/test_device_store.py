"""The linked device's database as the real client uses it: what it costs on a network file system, and who may open it."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from infra.bench.disk import Delays, SlowDisk, measure
from infra.bench.measuring import Bench
from infra.local.client import Phone, Stack, eventually, send

MOST_LOCKS = 40
"""For a link, a send and a receive: each is a round trip on EFS. It was 5,100 with the WAL's index in a shared file."""


def databases(stack: Stack) -> list[Path]:
    return sorted((stack.state / "devices").glob("*/device-*.db"))


def opened_by_another(database: Path) -> str:
    """What another process is told that opens the database as SQLite usually does; this one has no lock to run into."""
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('SELECT * FROM whatsmeow_device')"
    asked = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(database)], capture_output=True, text=True, check=False
    )
    return asked.stderr.strip().rpartition("\n")[2]


def devices_in(database: Path) -> int:
    with sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True) as connection:
        (count,) = connection.execute("SELECT count(*) FROM whatsmeow_device").fetchone()
    connection.close()
    return int(count)


def test_a_link_a_send_and_a_receive_hardly_lock_anything(tmp_path: Path) -> None:
    counts = measure(Bench(tmp_path, 1), Delays()).counts
    assert 0 < counts.locks < MOST_LOCKS
    assert counts.index_locks == 0
    assert 0 < counts.syncs < 40


def test_nobody_else_can_open_the_database_of_a_connected_device(stack: Stack, account: str) -> None:
    answers = [answer for database in databases(stack) if (answer := opened_by_another(database))]
    assert answers == ["sqlite3.OperationalError: database is locked"] * len(stack.serving())
    assert list((stack.state / "devices").rglob("*-shm")) == []


def test_the_shim_delays_locks_of_the_slow_directory_alone(tmp_path: Path) -> None:
    """The measurement itself: what it says of locks would be worth nothing if the shim saw none."""
    slow, fast = tmp_path / "stack" / "devices", tmp_path / "elsewhere"
    disk = SlowDisk(tmp_path / "shim", tmp_path / "stack")
    environment = {**os.environ, **disk.environment(Delays(lock=100))}
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA journal_mode=WAL'); c.execute('CREATE TABLE t (a)'); c.commit()"
    seen = []
    for directory in (fast, slow):
        directory.mkdir(parents=True)
        subprocess.run([sys.executable, "-I", "-S", "-c", script, str(directory / "a.db")], env=environment, check=True)
        seen.append(disk.counts())
    assert (seen[0].locks, seen[0].syncs) == (0, 0)
    assert seen[1].locks > 10
    assert seen[1].index_locks > 0
    assert seen[1].syncs > 0


def test_a_killed_client_leaves_a_database_that_the_next_epoch_copies_whole(own_stack) -> None:
    stack = own_stack()
    stack.start()
    session, friend = "628111000077", Phone(stack, "628777000077").switch_on()
    stack.link(session)
    assert send(stack, session, friend.number, "before").status_code == 200
    (first,), (before,) = stack.serving(), databases(stack)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: stack.serving() not in ([], [first]) and stack.session(session)["status"] == "CONNECTED")
    eventually(lambda: not before.exists())  # the new one has proved itself
    (after,) = databases(stack)
    assert after > before
    assert send(stack, session, friend.number, "after").status_code == 200
    stack.stop()
    assert devices_in(after) == 1
