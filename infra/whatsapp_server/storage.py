"""What the server keeps: private files, the database of stanzas and letters, and the file of accounts.

A process that is killed loses nothing of it: each change is handed to the operating system at once. It isn't synced to
the disk, which only a machine that loses its power would notice.
"""

import asyncio
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.whatsapp_server.accounts import Accounts, from_record, to_record


def write_private(path: Path, data: bytes) -> None:
    """Replace a file at once, with mode 0600; its directory is made if needed, with mode 0700."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)


_PRAGMAS = ("journal_mode=WAL", "synchronous=OFF")
_TABLES = """
CREATE TABLE IF NOT EXISTS mail (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, device INTEGER NOT NULL,
    tag TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, sender TEXT NOT NULL, stanza BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS mail_by_place ON mail (number, device, seq);
CREATE TABLE IF NOT EXISTS accepted (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, device INTEGER NOT NULL, id TEXT NOT NULL,
    UNIQUE (number, device, id));
CREATE TABLE IF NOT EXISTS phone_prekeys (number TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS phone_sessions (
    number TEXT NOT NULL, peer TEXT NOT NULL, session TEXT NOT NULL, PRIMARY KEY (number, peer)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS phone_welcomed (
    number TEXT NOT NULL, device INTEGER NOT NULL, PRIMARY KEY (number, device)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS letters (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, id TEXT NOT NULL, outgoing INTEGER NOT NULL,
    peer TEXT NOT NULL, device INTEGER NOT NULL, text TEXT, at INTEGER NOT NULL, state INTEGER NOT NULL,
    UNIQUE (number, peer, id, outgoing));
CREATE TABLE IF NOT EXISTS outgoing (
    number TEXT NOT NULL, id TEXT NOT NULL, message BLOB NOT NULL, attributes TEXT NOT NULL,
    PRIMARY KEY (number, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS group_chats (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, topic TEXT NOT NULL,
    made_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS group_members (id TEXT NOT NULL, number TEXT NOT NULL, UNIQUE (id, number));
CREATE INDEX IF NOT EXISTS group_chats_by_member ON group_members (number);
CREATE TABLE IF NOT EXISTS group_invites (code TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS group_offers (
    code TEXT PRIMARY KEY, id TEXT NOT NULL, number TEXT NOT NULL, ends INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS group_requests (
    id TEXT NOT NULL, number TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (id, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS phone_not_addable (number TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS phone_sender_keys (
    number TEXT NOT NULL, chat TEXT NOT NULL, sender TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (number, chat, sender)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS phone_sender_key_holders (
    number TEXT NOT NULL, chat TEXT NOT NULL, holder TEXT NOT NULL,
    PRIMARY KEY (number, chat, holder)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS letter_readers (
    number TEXT NOT NULL, id TEXT NOT NULL, reader TEXT NOT NULL, state INTEGER NOT NULL,
    PRIMARY KEY (number, id, reader)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS letter_contents (
    number TEXT NOT NULL, peer TEXT NOT NULL, id TEXT NOT NULL, outgoing INTEGER NOT NULL,
    message BLOB NOT NULL, stanza TEXT NOT NULL, file TEXT, PRIMARY KEY (number, peer, id, outgoing));
CREATE INDEX IF NOT EXISTS letter_files ON letter_contents (number) WHERE file = 'fetching';
CREATE TABLE IF NOT EXISTS letter_marks (
    number TEXT NOT NULL, peer TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, author TEXT NOT NULL,
    value TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (number, peer, id, kind, author)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS phone_timers (
    number TEXT NOT NULL, peer TEXT NOT NULL, seconds INTEGER NOT NULL, PRIMARY KEY (number, peer)) WITHOUT ROWID;
"""
_LATER_COLUMNS = (
    ("letters", "author", "TEXT"),
    ("mail", "participant", "TEXT NOT NULL DEFAULT ''"),
    ("group_chats", "settings", "TEXT NOT NULL DEFAULT ''"),
    ("group_members", "role", "TEXT NOT NULL DEFAULT 'member'"),
)
"""Table, column and type: what tables have since files were written without it."""


class Database:
    """One connection, for the one thread that the server runs in, between `open` and `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: sqlite3.Connection | None = None
        self._depth = 0

    def open(self) -> None:
        """Open the file, or make it."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self._path, os.O_CREAT, 0o600))  # its log beside it takes the same mode
        self._opened = sqlite3.connect(self._path, isolation_level=None)
        for pragma in _PRAGMAS:
            self._opened.execute(f"PRAGMA {pragma}")
        self._opened.executescript(_TABLES)
        for table, column, kind in _LATER_COLUMNS:
            if column not in {row[1] for row in self._opened.execute(f"PRAGMA table_info({table})")}:
                self._opened.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside, or none; one within another belongs to it. There must be no waiting inside."""
        connection = self._connection()
        if not self._depth:
            connection.execute("BEGIN")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if not self._depth:
                connection.execute("ROLLBACK")
            raise
        self._depth -= 1
        if not self._depth:
            connection.execute("COMMIT")

    def run(self, statement: str, *values: Any) -> int:
        """Change something; how many rows."""
        return self._connection().execute(statement, values).rowcount

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read something."""
        return self._connection().execute(statement, values).fetchall()

    def close(self) -> None:
        """Leave the file as one, without its log beside it."""
        if self._opened:
            self._opened.close()
            self._opened = None

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            raise sqlite3.ProgrammingError("the database isn't open")
        return self._opened


DELAY_S = 1.0


class Store:
    """The accounts and their file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._dirty = False
        self._timer: asyncio.TimerHandle | None = None
        self._writing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.accounts = Accounts()
        if path.is_file():
            for record in json.loads(path.read_text(encoding="utf-8"))["accounts"]:
                self.accounts.add(from_record(record))

    def changed(self) -> None:
        """Have the file written within a second, however many changes follow."""
        self._dirty = True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY_S, self._due)

    def _due(self) -> None:
        self._timer = None
        task = asyncio.create_task(self.flush())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def flush(self) -> None:
        """Write what changed, now; returns when it is in the file."""
        async with self._writing:
            if self._dirty:
                self._dirty = False
                text = json.dumps({"accounts": [to_record(account) for account in self.accounts]})
                await asyncio.to_thread(write_private, self._path, text.encode())

    async def close(self) -> None:
        """Write what changed and leave no timer behind."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        await self.flush()
