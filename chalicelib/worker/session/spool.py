"""What came in and isn't in the table yet, in a file beside the device's keys: it outlives this process.

The client tells WhatsApp that it has a message or a receipt before it tells us, so nobody else has it any more. Writing
it here takes microseconds, writing it to the table some milliseconds in which a kill would lose it. Nothing is synced:
the file is for the death of a process, not of a host. It lies where the keys to the messages lie, and is as well
protected.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

from chalicelib.domain.content import restored, stored
from chalicelib.reading import Reader
from chalicelib.services.messages.store import Received
from chalicelib.worker.whatsapp.client import Incoming, ReadElsewhere, ReceiptEvent
from chalicelib.worker.whatsapp.files import WhatsAppFile
from chalicelib.worker.whatsapp.sealed import Sealed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """What a file holds: its name begins with ``name``, its lines are JSON objects.

    ``write`` makes an object of what one stands for, ``read`` the reverse, which raises msgspec.ValidationError.
    """

    name: str
    write: Callable[[T], Mapping[str, Any]]
    read: Callable[[Mapping[str, Any]], T]


def _written(incoming: Incoming | ReadElsewhere) -> Mapping[str, Any]:
    if isinstance(incoming, ReadElsewhere):
        return {"read": msgspec.to_builtins(incoming)}
    plain: dict[str, Any] = msgspec.to_builtins(incoming.received)
    del plain["content"]
    beside = {"file": incoming.file, "sealed": incoming.sealed}
    return {
        **plain,
        **stored(incoming.received.content),
        **{name: msgspec.to_builtins(one) for name, one in beside.items() if one is not None},
    }


def _incoming(plain: Mapping[str, Any]) -> Incoming | ReadElsewhere:
    if plain.get("read"):
        return _READ.plain(plain["read"])
    return Incoming(
        _RECEIVED.plain({**plain, "content": restored(plain)}),
        _FILE.plain(plain["file"]) if plain.get("file") else None,
        _SEALED.plain(plain["sealed"]) if plain.get("sealed") else None,
    )


_RECEIVED: Final = Reader(Received)
_FILE: Final = Reader(WhatsAppFile)
_SEALED: Final = Reader(Sealed)
_READ: Final = Reader(ReadElsewhere)
_RECEIPT: Final = Reader(ReceiptEvent)
MESSAGES: Final = Kind("inbox", _written, _incoming)
RECEIPTS: Final = Kind("receipts", msgspec.to_builtins, _RECEIPT.plain)


class Spool(Generic[T]):
    """One worker's file of one kind in the session's ``home``; made when it is first needed."""

    def __init__(self, home: Path, kind: Kind[T]) -> None:
        self._home = home
        self._kind = kind
        self._own = home / f"{kind.name}-{time.time_ns():020d}.jsonl"
        self._descriptor: int | None = None

    def add(self, what: T) -> None:
        """Append it; raises OSError."""
        if self._descriptor is None:
            self._descriptor = _opened(self._own)
        _append(self._descriptor, self._kind.write(what))

    def set_aside(self, what: T) -> None:
        """Leave it, in a file of its own, to a later worker: the table refuses it for good. Raises OSError."""
        descriptor = _opened(self._own.with_stem(f"{self._own.stem}-refused"))
        try:
            _append(descriptor, self._kind.write(what))
        finally:
            os.close(descriptor)

    def empty(self) -> None:
        """Forget what was added: all of it is in the table, or set aside."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)

    def remove(self) -> None:
        """Remove the file, all of which is in the table, or set aside."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._own.unlink(missing_ok=True)

    def left(self) -> list[tuple[Path, list[T]]]:
        """Return the files that earlier workers left, oldest first, with what is in them; remove them afterwards."""
        found = sorted(self._home.glob(f"{self._kind.name}-*.jsonl"))
        files = [file for file in found if not file.name.startswith(self._own.stem)]
        return [(file, _read(file, self._kind)) for file in files]


def _opened(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _append(descriptor: int, what: Mapping[str, Any]) -> None:
    # The line break comes first: it parts this line from one that a full disk cut off.
    os.write(descriptor, b"\n" + msgspec.json.encode(what))


_OBJECT: Final = Reader(dict[str, Any])


def _read(file: Path, kind: Kind[T]) -> list[T]:
    found = []
    for line in filter(None, file.read_bytes().split(b"\n")):
        try:
            found.append(kind.read(_OBJECT.json(line)))
        except (msgspec.DecodeError, UnicodeDecodeError):
            # Its writer died in the middle of the line, or the disk was full.
            continue
    return found
