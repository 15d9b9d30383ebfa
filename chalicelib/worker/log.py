"""The worker's log: one JSON object a line on what was standard output, about events and never about contents.

The library prints to standard output; whatever does that after ``begin`` is thrown away, as is what other libraries
log (the client's lines carry numbers, keys and codes).
"""

import json
import logging
import os
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TextIO

_LOGGER: Final = logging.getLogger("switchboard.worker")


class _JsonLines(logging.Handler):
    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, Any] = getattr(record, "fields", {})
        line = {"at": at, "level": record.levelname.lower(), "event": record.getMessage(), **fields}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        # A log that nobody reads any more is no reason to stop serving.
        with suppress(OSError):
            self._stream.write(json.dumps(line, default=str) + "\n")


class Log:
    """Writes events with the fields that name the worker and its session."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def about(self, **fields: Any) -> "Log":
        """Return a log that says more with each event."""
        return Log(**(self._fields | fields))

    def info(self, event: str, **fields: Any) -> None:
        """Write that something happened."""
        _LOGGER.info(event, extra={"fields": self._fields | fields})

    def warning(self, event: str, **fields: Any) -> None:
        """Write that something went wrong; inside an except clause, with the error's name and not its text."""
        failed = sys.exc_info()[0] is not None
        _LOGGER.warning(event, extra={"fields": self._fields | fields}, exc_info=failed)


def begin() -> int:
    """Keep standard output for the log alone; return a descriptor of it, for ``hand_back``.

    Call it before the client library is imported, which would set up logging of its own.
    """
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    logging.basicConfig(handlers=[logging.NullHandler()], level=logging.CRITICAL, force=True)
    _LOGGER.addHandler(_JsonLines(os.fdopen(kept, "w", buffering=1, encoding="utf-8", closefd=False)))
    _LOGGER.setLevel(logging.INFO)
    _LOGGER.propagate = False
    return kept


def tell_of_threads(log: Log) -> None:
    """Have ``log`` told, by its name alone, of an error that ends a thread or comes out of a library's callback.

    Python would print it with its text, which may hold what doesn't belong in a log.
    """

    def ended(broken: threading.ExceptHookArgs) -> None:
        thread = broken.thread.name if broken.thread else None
        log.warning("thread_broken", thread=thread, error=broken.exc_type.__name__)

    threading.excepthook = ended
    sys.unraisablehook = lambda broken: log.warning("callback_broken", error=broken.exc_type.__name__)


def hand_back(kept: int) -> None:
    """Make it standard output again, for the process image that comes after this one."""
    os.dup2(kept, 1)
