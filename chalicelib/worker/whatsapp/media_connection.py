"""Where files are uploaded to, and the token for it: read off the client library's trace, the only place it shows.

The library asks WhatsApp for both before its own first upload and once their time is over, and hands neither out. Its
trace has the answer as it came in: ``<iq type="result"><media_conn auth="…" ttl="…"><host hostname="…"/>…``. An upload
of one byte makes it ask, if it has none that is still good.

The trace's lines carry keys, numbers and names: nothing of them is kept but this, and nothing is passed on. A name that
a stranger chose stands in them as it is, so only a line that begins as WhatsApp's answer does is believed, and only
WhatsApp's own hosts. No line says whose client it is from. While one client is in a process, which is so today, that is
no loss; where several are to be, their lines must be told apart by the beginning of an ``iq``'s id, which is each
client's own.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition
from typing import Final

RECEIVED: Final = logging.getLogger("whatsmeow.Client.Recv")
"""What the library has received, a line for each stanza."""
SHOWS_WITHIN: Final = 10.0
"""Seconds from the library's having the answer to the line: another thread writes the lines."""

_ANSWER: Final = re.compile(r'<iq [^<>]*type="result"[^<>]*><media_conn ([^<>]*)>(.*)</media_conn></iq>\s*', re.DOTALL)
_ATTRIBUTE: Final = re.compile(r'\b(auth|ttl)="([^"<>]*)"')
_HOST: Final = re.compile(r'<host [^<>]*\bhostname="((?:[a-z0-9-]+\.)+whatsapp\.net)"')


@dataclass(frozen=True, slots=True)
class MediaConnection:
    """A ``host`` that takes uploads, the token ``auth`` for them, and until when it is good (monotonic seconds)."""

    host: str
    auth: str = field(repr=False)
    until: float


class MediaConnections(logging.Handler):
    """Listens to the trace, which must be on, until it is closed; the newest connection is ``now``'s."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._changed = Condition()
        self._newest: MediaConnection | None = None
        RECEIVED.propagate = False
        RECEIVED.setLevel(logging.DEBUG)
        RECEIVED.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line."""
        found = read(record.getMessage(), now=time.monotonic())
        if found:
            with self._changed:
                self._newest = found
                self._changed.notify_all()

    def now(self, provoke: Callable[[], object]) -> MediaConnection | None:
        """Return a connection that is good; where there is none, ``provoke`` makes the library ask for one.

        None if it wasn't told of any. Its errors are ``provoke``'s.
        """
        with self._changed:
            if self._good():
                return self._newest
        provoke()
        with self._changed:
            self._changed.wait_for(self._good, SHOWS_WITHIN)
            return self._newest if self._good() else None

    def close(self) -> None:
        """Stop listening."""
        RECEIVED.removeHandler(self)
        super().close()

    def _good(self) -> bool:
        return self._newest is not None and self._newest.until > time.monotonic()


def read(line: str, *, now: float) -> MediaConnection | None:
    """Return the connection that a line of the trace tells of, None if it tells of none."""
    if "<media_conn" not in line:
        return None
    answer = _ANSWER.fullmatch(line)
    said = dict(_ATTRIBUTE.findall(answer[1])) if answer else {}
    host = _HOST.search(answer[2]) if answer else None
    if host is None or not said.get("auth") or not said.get("ttl", "").isdigit():
        return None
    # Never over before the library thinks so: it doesn't ask anew while it has one.
    return MediaConnection(host[1], said["auth"], now + int(said["ttl"][:9]))
