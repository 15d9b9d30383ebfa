"""What only the library's trace shows while a device is being linked; every line is dropped after a look.

Before a device has a JID the library delivers no event but the code. The trace carries keys and codes: this handler
keeps nothing, and the loggers it listens to pass nothing on. The lines are those of neonize 0.5.2.
"""

import logging
import re
from collections.abc import Callable
from typing import Final

from chalicelib.worker import client as c

LOGGER: Final = logging.getLogger("whatsmeow")
"""The parent of all loggers that the library's lines come out of, but for its database's."""
RECEIVED: Final = "whatsmeow.Client.Recv"
CODES: Final = "whatsmeow.Client.QRChannel"

_PASSKEY: Final = re.compile(r'<notification\b[^>]*\btype="passkey_prologue_request"')
_OUTDATED: Final = re.compile(r'<failure\b[^>]*\breason="405"')
_RAN_OUT: Final = "Ran out of QR codes, closing channel"


def said(logger: str, line: str) -> c.ClientEvent | None:
    """Return what a line of the trace means, if it means anything to us."""
    if logger == CODES:
        return c.CodesRanOut() if line.startswith(_RAN_OUT) else None
    if logger != RECEIVED:
        return None
    if _PASSKEY.match(line):
        return c.PasskeyRequest()
    return c.ClientOutdated() if _OUTDATED.match(line) else None


class Stanzas(logging.Handler):
    """Emits what the trace says."""

    def __init__(self, emit: Callable[[c.ClientEvent], None]) -> None:
        super().__init__(logging.DEBUG)
        self._emit_event = emit
        LOGGER.propagate = False
        LOGGER.setLevel(logging.DEBUG)
        LOGGER.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line."""
        event = said(record.name, record.getMessage())
        if event:
            self._emit_event(event)

    def close(self) -> None:
        """Stop listening: the library goes on tracing, but its lines are dropped before they are made."""
        LOGGER.removeHandler(self)
        LOGGER.setLevel(logging.CRITICAL)
        super().close()
