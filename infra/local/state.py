"""The state directory: what outlives the stack, its lock, and journals that lose no line once it is appended.

A line is with the kernel before ``append`` returns, so a killed process loses none of them. That takes no fsync. Only a
machine that loses its power can lose lines, those of its last second: ``sync`` is called that often.

A journal is kept short by snapshots of its sum: ``rotate`` begins a new file, then the snapshot of that moment is
written elsewhere, then ``drop`` removes the files before. Replaying lines that are in the snapshot already must change
nothing, since a process can end between any two of these steps.
"""

import asyncio
import fcntl
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

LOCK: Final = "lock"
"""The file whose lock says that a stack runs on a directory."""
NETWORK_FILE: Final = "network.json"
"""The file that says which WhatsApp a directory's accounts belong to."""


class InUse(RuntimeError):
    """Another stack runs on this directory; the text is a sentence for the developer."""


@dataclass(frozen=True, slots=True)
class LocalState:
    """The directory. Everything in it is the developer's alone: it holds keys and sessions."""

    directory: Path

    @property
    def devices(self) -> Path:
        """The workers' linked devices, /devices in a container."""
        return self.directory / "devices"

    @property
    def whatsapp(self) -> Path:
        """The loopback WhatsApp server's accounts."""
        return self.directory / "whatsapp"

    @property
    def objects(self) -> Path:
        """The files that lie in buckets."""
        return self.directory / "objects"

    @property
    def logs(self) -> Path:
        """One file a worker, and the functions' own."""
        return self.directory / "logs"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory for the block; raises InUse. The lock goes with the process, however it ends."""
        for one in (self.directory, self.devices, self.whatsapp, self.objects, self.logs):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.directory / LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InUse(
                    f"Another stack already runs on {self.directory}. Stop it first (Ctrl-C in its terminal), "
                    f"or keep this one apart: make run PORT=8081 LOCAL_STATE=.local/second"
                ) from None
            yield

    def read(self, name: str, default: Any) -> Any:
        """Return the JSON kept under ``name``, or ``default`` if there is none."""
        try:
            return json.loads((self.directory / name).read_text())
        except FileNotFoundError:
            return default

    def write(self, name: str, value: Any) -> None:
        """Keep ``value`` under ``name``, whole or not at all."""
        self.write_text(name, json.dumps(value))

    def write_text(self, name: str, text: str, *, synced: bool = False) -> None:
        """Keep ``text`` under ``name``, whole or not at all; if ``synced``, even when the machine loses its power."""
        draft = self.directory / f"{name}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            if synced:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(self.directory / name)

    def forget(self, name: str) -> None:
        """Remove what is kept under ``name``."""
        (self.directory / name).unlink(missing_ok=True)


SUFFIX: Final = ".journal"
PAUSE_S: Final = 1.0
LONGEST: Final = 8 * 1024 * 1024
"""Bytes of a journal after which a snapshot takes its place; one as large as the snapshot itself may be longer."""


class Journal:
    """The files ``NAME.NUMBER.journal`` of one directory; this process alone writes there."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self._lock = Lock()
        self._file = -1
        self._number = 0
        self._size = 0
        self._synced = True

    @property
    def size(self) -> int:
        """The bytes in the file that is being written."""
        return self._size

    def replay(self) -> Iterator[Any]:
        """Yield the value of each line of earlier runs, oldest first.

        A file is read up to its first incomplete line: its writer died within that line, and reported it to nobody as
        kept.
        """
        for path in self._files():
            for line in path.read_bytes().split(b"\n")[:-1]:
                try:
                    value = json.loads(line)
                except ValueError:
                    break
                yield value

    def append(self, line: str) -> None:
        """Add a line of JSON; raises OSError, and then nothing was added."""
        with self._lock:
            if self._file < 0:
                self._begin()
            data = line.encode() + b"\n"
            try:
                whole = os.write(self._file, data) == len(data)
            except OSError:
                self._cut()
                raise
            if not whole:
                self._cut()
                raise OSError(f"{self._path(self._number)} has no room for a line of {len(data)} bytes")
            self._size += len(data)
            self._synced = False

    def rotate(self) -> int:
        """Begin a new file with the next line; return the number to ``drop`` once a snapshot holds what came before."""
        with self._lock:
            self._number = max([self._number, *(_number(path) for path in self._files())])
            self._end()
            return self._number

    def drop(self, number: int) -> None:
        """Remove the files up to ``number``, the oldest first.

        An interrupted call leaves the newest ones, which, replayed over the snapshot, end in the snapshot's state.
        """
        for path in self._files():
            if _number(path) <= number:
                path.unlink(missing_ok=True)

    def sync(self) -> None:
        """Have what was appended so far on the disk itself."""
        with self._lock:
            if self._synced or self._file < 0:
                return
            self._synced = True
            # The lock isn't held while the disk works, and the file may be closed meanwhile.
            file = os.dup(self._file)
        try:
            os.fdatasync(file)
        finally:
            os.close(file)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._end()

    def _begin(self) -> None:
        self._number = max([self._number, *(_number(path) for path in self._files())]) + 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self._path(self._number), flags, 0o600)

    def _end(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self._size = -1, 0

    def _cut(self) -> None:
        """Take back a piece of a line: whatever follows it couldn't be read."""
        os.ftruncate(self._file, self._size)

    def _files(self) -> list[Path]:
        return sorted(self._directory.glob(f"{self._name}.*{SUFFIX}"), key=_number)

    def _path(self, number: int) -> Path:
        return self._directory / f"{self._name}.{number}{SUFFIX}"


def _number(path: Path) -> int:
    return int(path.name.removesuffix(SUFFIX).rpartition(".")[2])


class Journaled(ABC):
    """Data in a journal and, now and then, a snapshot; both are changed under ``_lock`` alone."""

    def __init__(self, state: LocalState, name: str) -> None:
        self._state = state
        self._journal = Journal(state.directory, name)
        self._lock = Lock()
        self._changed = False
        self._snapshot_size = 0

    @abstractmethod
    def _snapshot(self) -> Mapping[str, str]:
        """Return the texts by the names that they are kept under."""

    def save(self) -> None:
        """Write a snapshot, if there was a change since the last one, and begin the journal anew."""
        with self._lock:
            if not self._changed:
                return
            number = self._journal.rotate()
            texts = self._snapshot()
            self._changed = False
        for name, text in texts.items():
            self._state.write_text(name, text, synced=True)
        self._snapshot_size = sum(map(len, texts.values()))
        self._journal.drop(number)

    def close(self) -> None:
        """Write a last snapshot."""
        self.save()
        self._journal.close()

    async def run(self) -> None:
        """Keep the journal short and, against a loss of power, on the disk, until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_S)
            await asyncio.to_thread(self._keep)

    def _keep(self) -> None:
        self._journal.sync()
        if self._journal.size > max(LONGEST, self._snapshot_size):
            self.save()
