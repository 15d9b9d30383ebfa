"""Under which id the library sent a message that WhatsApp's server didn't acknowledge: read off the library's trace.

The library makes the id, and tells it with the acknowledgement alone. Its trace has each stanza as it goes out:
``<message id="3EB0…" to="…@lid" type="text">…``. What it sends of its own accord meanwhile are answers to devices that
couldn't read an earlier message, which count how often, and letters to the account's own phone, which are ``peer``.

The trace's lines carry keys and numbers: nothing of them is kept but ids, and nothing is passed on. No line says whose
client it is from. Where several clients are in a process and send at the same time, no id is told for certain, and so
none at all.
"""

import logging
import re
from threading import Lock
from typing import Final

SENT: Final = logging.getLogger("whatsmeow.Client.Send")
"""What the library sends, a line for each stanza."""

_MESSAGE: Final = re.compile(r'<message ((?:[a-z_]+="[^"<>]*" ?)+)>')
_ID: Final = re.compile(r'(?:^| )id="([0-9A-Za-z.-]{1,128})"')
_AGAIN: Final = re.compile(r'<enc count="')


class SentIds(logging.Handler):
    """Listens to the trace, which must be on, until it is closed: from one ``begin`` to the next."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lock_of_ids = Lock()
        self._ids: set[str] = set()
        SENT.propagate = False
        SENT.setLevel(logging.DEBUG)
        SENT.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line."""
        found = read(record.getMessage())
        if found:
            with self._lock_of_ids:
                self._ids.add(found)

    def begin(self) -> None:
        """Forget what was sent before."""
        with self._lock_of_ids:
            self._ids.clear()

    def only(self) -> str | None:
        """Return the id of the message that was sent since; None if there was none, or several.

        Another thread writes the lines: wait until it is done with those that there are.
        """
        with self._lock_of_ids:
            return next(iter(self._ids)) if len(self._ids) == 1 else None

    def close(self) -> None:
        """Stop listening."""
        SENT.removeHandler(self)
        super().close()


def read(line: str) -> str | None:
    """Return the id of the message that a line of the trace is, None if it is none, or one of the library's own."""
    message = _MESSAGE.match(line)
    if message is None or 'category="peer"' in message[1] or _AGAIN.search(line):
        return None
    found = _ID.search(message[1])
    return found[1] if found else None
