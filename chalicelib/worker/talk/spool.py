"""What came in and isn't in the table yet, in a file beside the device's keys: it outlives this process.

The client tells WhatsApp that it has a message before it tells us, so nobody else has it any more. Writing it here
takes microseconds, writing it to the table some milliseconds in which a kill would lose it. Nothing is synced: the
file is for the death of a process, not of a host. It lies where the keys to the messages lie, and is as well protected.
"""

import os
import time
from pathlib import Path
from typing import Final

import msgspec

from chalicelib.reading import Reader
from chalicelib.services.messages.inbox import Received

_RECEIVED: Final = Reader(Received)
PATTERN: Final = "inbox-*.jsonl"


class Spool:
    """One worker's file in the session's ``home``; made when it is first needed."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._own = home / PATTERN.replace("*", f"{time.time_ns():020d}")
        self._descriptor: int | None = None

    def add(self, received: Received) -> None:
        """Append a message; raises OSError."""
        if self._descriptor is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self._own, flags, 0o600)
        # The line break comes first: it parts this line from one that a full disk cut off.
        os.write(self._descriptor, b"\n" + msgspec.json.encode(received))

    def empty(self) -> None:
        """Forget what was added: all of it is in the table."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)

    def remove(self) -> None:
        """Remove the file, all of which is in the table."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._own.unlink(missing_ok=True)

    def left(self) -> list[tuple[Path, list[Received]]]:
        """Return the files that earlier workers left, oldest first, with what is in them; remove them afterwards."""
        files = sorted(file for file in self._home.glob(PATTERN) if file != self._own)
        return [(file, _read(file)) for file in files]


def _read(file: Path) -> list[Received]:
    found = []
    for line in filter(None, file.read_bytes().split(b"\n")):
        try:
            found.append(_RECEIVED.json(line))
        except (msgspec.DecodeError, UnicodeDecodeError):
            # Its writer died in the middle of the line, or the disk was full.
            continue
    return found
