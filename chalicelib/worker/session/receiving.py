"""Keeping what comes in: at once in a file, then in the table, in order, on a thread of its own.

The client hands a message over after it has told WhatsApp that it has it, and a kill loses what it still holds back.
So it never waits for AWS, unless AWS has been away for very long.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from queue import Queue
from threading import Condition, Thread
from typing import Final, Protocol

from chalicelib.domain.content import Content
from chalicelib.domain.session import Session
from chalicelib.services.messages.store import Received
from chalicelib.services.ports import Rejected, Unavailable
from chalicelib.worker.log import Log
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.session.spool import Spool
from chalicelib.worker.waiting import FIRST, LONGEST
from chalicelib.worker.whatsapp.client import Incoming, ReadElsewhere
from chalicelib.worker.whatsapp.files import WhatsAppFile
from chalicelib.worker.whatsapp.sealed import Sealed

QUIET_FOR: Final = 0.05
"""Seconds without a message after which a client that has no connection any more has handed over all it had."""
HELD: Final = 10_000
"""Messages that wait to be written before the client has to wait too."""


class IncomingMedia(Protocol):
    """Keeps the files of what comes in."""

    def keep(self, received: Received, file: WhatsAppFile) -> Content:
        """Have the file kept; return the message's content with its ``media_id`` and the file's ``state`` by then.

        Takes some seconds at the most: a file that takes longer is kept afterwards.

        The same message and file again are the same ``media_id``. Raises Unavailable and Rejected.
        """


class Intake:
    """Keeps one session's messages; however long AWS takes: the end of the process ends the waiting.

    ``unseal`` opens what came in sealed, ``read`` notes what was read on another device: in its turn, behind the
    messages that it is about. Without ``media`` there is no place for files: what came with one is kept without.
    ``refused`` says that the account isn't the session's, so that nothing of it is kept.
    """

    def __init__(
        self,
        reporter: SessionReporter,
        receive: Callable[[Session, Received], bool],
        spool: Spool[Incoming | ReadElsewhere],
        log: Log,
        *,
        unseal: Callable[[Session, Received, Sealed], Received] | None = None,
        read: Callable[[Session, str, Sequence[str]], None] | None = None,
        media: IncomingMedia | None = None,
        refused: Callable[[], bool] = lambda: False,
    ) -> None:
        self._reporter = reporter
        self._receive = receive
        self._spool = spool
        self._log = log
        self._unseal = unseal
        self._read = read
        self._media = media
        self._refused = refused
        self._queue: Queue[Incoming | ReadElsewhere] = Queue(HELD)
        self._changed = Condition()
        self._came = 0
        self._unwritten = 0

    def start(self) -> None:
        """Begin, with what earlier workers left."""
        Thread(target=self._run, name="intake", daemon=True).start()

    def keep(self, incoming: Incoming | ReadElsewhere) -> None:
        """Keep a message, or that some were read; returns at once."""
        if self._refused():
            return
        with self._changed:
            self._came += 1
            self._unwritten += 1
            self._try(lambda: self._spool.add(incoming))
        self._queue.put(incoming)

    def settle(self, seconds: float) -> None:
        """Wait, ``seconds`` at the most, until what a client without a connection still had is in the table."""
        ends = time.monotonic() + seconds
        with self._changed:
            while (left := ends - time.monotonic()) > 0:
                before = self._came
                self._changed.wait_for(lambda: self._unwritten == 0, left)
                self._changed.wait_for(lambda was=before: self._came != was, min(QUIET_FOR, left))  # type: ignore[misc]
                if self._unwritten == 0 and self._came == before:
                    self._try(self._spool.remove)
                    return

    def _run(self) -> None:
        self._try(self._take_over)
        while True:
            self._write(self._queue.get())
            with self._changed:
                self._unwritten -= 1
                if self._unwritten == 0:
                    self._try(self._spool.empty)
                self._changed.notify_all()

    def _try(self, act: Callable[[], None]) -> None:
        """Do something with the file; a disk that fails keeps nothing from the table."""
        try:
            act()
        except OSError:
            self._log.warning("spool_broken")

    def _take_over(self) -> None:
        for file, messages in self._spool.left():
            for incoming in messages:
                self._write(incoming, late=True)
            file.unlink(missing_ok=True)

    def _write(self, incoming: Incoming | ReadElsewhere, *, late: bool = False) -> None:
        kind = incoming.received.content.type if isinstance(incoming, Incoming) else "read"
        pause = FIRST
        while True:
            try:
                fresh = self._kept(incoming)
            except Unavailable:
                time.sleep(pause)
                pause = min(pause * 2, LONGEST)
                continue
            except Rejected as rejected:
                # No waiting mends that, and what comes behind it shall not wait; a later worker tries once more.
                self._try(lambda: self._spool.set_aside(incoming))
                self._log.warning("set_aside", kind=kind, code=rejected.code)
                return
            except Exception:  # noqa: BLE001 - it came from outside; the next one shall be kept all the same
                self._log.warning("not_kept", kind=kind)
                return
            if isinstance(incoming, Incoming):
                self._log.info("received", kind=kind, copied=incoming.received.from_me, fresh=fresh, late=late)
            return

    def _kept(self, incoming: Incoming | ReadElsewhere) -> bool:
        """Write it; whether it is news."""
        session = self._reporter.session
        if isinstance(incoming, Incoming):
            return self._receive(session, self._whole(incoming))
        if self._read:
            self._read(session, incoming.chat, incoming.whatsapp_ids)
        return True

    def _whole(self, incoming: Incoming) -> Received:
        """Return the message with what has to be fetched for it."""
        received = incoming.received
        if incoming.file and self._media:
            return replace(received, content=self._media.keep(received, incoming.file))
        if incoming.sealed and self._unseal:
            return self._unseal(self._reporter.session, received, incoming.sealed)
        return received
