"""Noting receipts: at once in a file, then in the table, on the sender's thread.

The client has told WhatsApp that it has a receipt before it hands it over, and nothing repeats it. A message whose
receipt dies with the process would stay ``sent`` for good.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock

from chalicelib.services.ports import Rejected
from chalicelib.worker.inbox import Inbox
from chalicelib.worker.log import Log
from chalicelib.worker.parts import Dispatch
from chalicelib.worker.patience import Interrupted, patiently
from chalicelib.worker.talk.desk import Desk
from chalicelib.worker.talk.spool import Spool
from chalicelib.worker.whatsapp.client import Receipt


class Receipts:
    """One session's receipts, those that earlier workers left among them."""

    def __init__(self, desk: Desk, dispatch: Dispatch, inbox: Inbox, spool: Spool[Receipt], log: Log) -> None:
        self._desk = desk
        self._dispatch = dispatch
        self._inbox = inbox
        self._spool = spool
        self._log = log
        self._queue: SimpleQueue[Receipt] = SimpleQueue()
        self._lock = Lock()
        self._unnoted = 0
        self._took_over = False

    def keep(self, receipt: Receipt) -> None:
        """Have a receipt noted; returns at once."""
        with self._lock:
            self._unnoted += 1
            self._try(lambda: self._spool.add(receipt))
        self._queue.put(receipt)

    def note(self) -> None:
        """Note all that are there, oldest first. Raises Interrupted; what isn't noted by then stays in the file."""
        if not self._took_over:
            self._try(self._take_over)
            self._took_over = True
        with suppress(Empty):
            while True:
                self._note(self._queue.get_nowait())
                with self._lock:
                    self._unnoted -= 1
                    if self._unnoted == 0:
                        self._try(self._spool.empty)

    def close(self) -> None:
        """Remove the file if nothing is left to be noted."""
        with self._lock:
            if self._unnoted == 0:
                self._try(self._spool.remove)

    def _take_over(self) -> None:
        for file, receipts in self._spool.left():
            for receipt in receipts:
                self._note(receipt)
            file.unlink(missing_ok=True)

    def _note(self, receipt: Receipt) -> None:
        uid = self._desk.claim.uid
        try:
            patiently(partial(self._dispatch.receipt, uid, receipt.whatsapp_ids, receipt.status), self._inbox)
        except Interrupted:
            raise
        except Rejected as rejected:
            self._log.warning("receipt_rejected", code=rejected.code)
        except Exception:  # noqa: BLE001 - it came from outside; the next one shall be noted all the same
            self._log.warning("receipt_broken")

    def _try(self, act: Callable[[], None]) -> None:
        """Do something with the file; a disk that fails keeps nothing from the table."""
        try:
            act()
        except OSError:
            self._log.warning("spool_broken")
