"""What only the library's log, or the end of its QR channel, tells.

While no device is stored the library delivers no event but the code: its trace tells the rest. It waits for a stored
device before it delivers the first event of a login, too, and deletes the one that WhatsApp says was unlinked: if it
hears of that before it waits, it waits for ever. Its log tells of that, and of a ban with a code that the library
doesn't know, which it can't hand on as an event.

The log is the process's, and no line says whose client it is from. While one client is in a process, which is so
today, that is no loss; where several are to log in, they must do so one after another.

The lines carry keys, codes and numbers: this handler keeps nothing, and the loggers it listens to pass nothing on. The
lines are those of neonize 0.5.2.
"""

import logging
import re
from collections.abc import Callable
from typing import Final

from chalicelib.worker.whatsapp import client as c

LOGGER: Final = logging.getLogger("whatsmeow")
"""The parent of all loggers that the library's lines come out of, but for its database's."""
CODES: Final = "whatsmeow.Client.QRChannel"
CLIENT: Final = "whatsmeow.Client"

_RAN_OUT: Final = "Ran out of QR codes, closing channel"
_BANNED: Final = re.compile(r"Temporary ban connect failure: <failure\b([^>]*)")
_NUMBERS: Final = re.compile(r'\b(code|expire)="(\d{1,9})"')
_UNLINKED: Final = re.compile(r"Got (\d+)\b.* connect failure, sending LoggedOut event")

LineMeaning = Callable[[str, str], c.ClientEvent | None]
"""What a line means, by its logger and its text."""


def said_while_linking(logger: str, line: str) -> c.ClientEvent | None:
    """Return what a line of the log of a client that shows codes means, if it means anything to us."""
    return c.CodesRanOutEvent() if logger == CODES and line.startswith(_RAN_OUT) else None


def said_at_login(logger: str, line: str) -> c.ClientEvent | None:
    """Return what a line of the log of a client whose device is stored means, if it means anything to us."""
    if logger != CLIENT:
        return None
    unlinked, banned = _UNLINKED.match(line), _BANNED.match(line)
    if banned:
        said = dict(_NUMBERS.findall(banned[1]))
        return c.TemporaryBanEvent(int(said.get("code", 0)), int(said.get("expire", 0)))
    return c.LoggedOutEvent(int(unlinked[1])) if unlinked else None


class Stanzas(logging.Handler):
    """Emits what the lines say."""

    def __init__(self, emit: Callable[[c.ClientEvent], None], said: LineMeaning) -> None:
        super().__init__(logging.DEBUG)
        self._emit_event = emit
        self._said = said
        LOGGER.propagate = False
        LOGGER.setLevel(logging.DEBUG)
        LOGGER.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line."""
        event = self._said(record.name, record.getMessage())
        if event:
            self._emit_event(event)

    def close(self) -> None:
        """Stop listening: the library goes on logging, but its lines are dropped before they are made.

        So they are once nobody in the process listens any more.
        """
        LOGGER.removeHandler(self)
        if not LOGGER.handlers:
            LOGGER.setLevel(logging.CRITICAL)
        super().close()


SUCCESS: Final = "success"
"""A code was scanned and the device is linked: its own event tells of that, with the device."""

_OUTCOMES: Final[dict[str, c.ClientEvent]] = {
    "error": c.PairErrorEvent("the client refused the phone's answer"),
    "passkey-request": c.PasskeyRequestEvent(),
    "err-client-outdated": c.ClientOutdatedEvent(),
    # A <failure> with whatever other code. Those that pass (500, 503) don't end here: the library tries again.
    "err-unexpected-state": c.RegistrationRefusedEvent(),
}


def scanned(outcome: str) -> c.ClientEvent | None:
    """Return what ``outcome`` means; whatever else it is but a success, the client shows no more codes."""
    return None if outcome == SUCCESS else _OUTCOMES.get(outcome, c.EndedEvent(outcome))
