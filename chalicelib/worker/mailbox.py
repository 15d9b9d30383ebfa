"""Listening to the worker's mailbox: each ring in it goes into the queue of events, on a thread of its own.

SQS goes on with a long poll whose caller is gone: it hands the next ring to nobody, and hides it from everybody else
for as long as its visibility timeout. So an image of the process that gives way to the next one ends its poll first, by
ringing itself, and what is hidden all the same is back within a second (see ``SqsMailboxes.wait``).
"""

from collections.abc import Sequence
from contextlib import suppress
from threading import Event, Thread
from typing import Final

from chalicelib.services.ports import Rejected, Unavailable, WorkerMailbox
from chalicelib.worker.clock import monotonic
from chalicelib.worker.events import EventQueue, Rung
from chalicelib.worker.log import Log
from chalicelib.worker.patience import bounded

POLL: Final = 20
"""Seconds of one long poll, SQS's most."""
SHORT: Final = 1.0
"""Seconds between polls that come back at once though nobody rang: the mailbox is gone, or SQS is unwell."""
STOPPING_TAKES: Final = 2.0
"""Seconds for the poll that is going on to come back."""


class Listener:
    """Listens to the queue at ``address`` from ``start`` to ``stop``, or the end of the process."""

    def __init__(self, mailbox: WorkerMailbox, address: str, events: EventQueue, log: Log) -> None:
        self._mailbox = mailbox
        self._address = address
        self._events = events
        self._log = log
        self._over = Event()
        self._thread = Thread(target=self._listen, name="mailbox", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Poll no more, and wait until nothing polls, for two seconds at the most.

        Whoever listens next must look at what is wanted by itself first: rings that came meanwhile aren't kept.
        """
        ends = monotonic() + STOPPING_TAKES * 1000
        self._over.set()
        bounded(self._ring, STOPPING_TAKES)
        self._thread.join(max(ends - monotonic(), 0) / 1000)

    def _ring(self) -> None:
        with suppress(Unavailable, Rejected):
            self._mailbox.ring(self._address)

    def _listen(self) -> None:
        gone = False
        while not self._over.is_set():
            began = monotonic()
            rings: Sequence[str] = ()
            try:
                rings = self._mailbox.wait(self._address, POLL)
                if rings:
                    # First acted on, then taken out: somebody waits for what they rang for.
                    self._events.put(Rung())
                    self._mailbox.heard(self._address, rings)
            except Unavailable:
                pass
            except Rejected as rejected:
                # It stays so: said once. The looks without a ring go on.
                if not gone:
                    self._log.warning("mailbox_rejected", code=rejected.code)
                gone = True
            except Exception:  # noqa: BLE001 - whatever it was: a worker that hears nobody answers no question
                self._log.warning("mailbox_broken")
            if not rings and monotonic() - began < SHORT * 1000:
                self._over.wait(SHORT)
