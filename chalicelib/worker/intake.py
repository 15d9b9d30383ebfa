"""Keeping what comes in, in the client's own thread: it waits until the message is written.

The client tells WhatsApp that it has a message before it tells us, so one that isn't written dies with this process.
Waiting is what keeps that loss small: no more than the client itself holds back.
"""

import time
from threading import Condition
from typing import Final

from chalicelib.services.inbox import Received
from chalicelib.services.ports import Unavailable
from chalicelib.worker.desk import Desk
from chalicelib.worker.log import Log
from chalicelib.worker.parts import Incoming
from chalicelib.worker.patience import FIRST, LONGEST

QUIET_FOR: Final = 0.05
"""Seconds without a message after which a client that has no connection any more has handed over all it had."""


class Intake:
    """Keeps one session's messages; however long AWS takes: the end of the process ends the waiting."""

    def __init__(self, desk: Desk, inbox: Incoming, log: Log) -> None:
        self._desk = desk
        self._inbox = inbox
        self._log = log
        self._changed = Condition()
        self._busy = 0
        self._kept = 0

    def keep(self, received: Received) -> None:
        """Write the message, and return when it is written."""
        with self._changed:
            self._busy += 1
        try:
            fresh = self._write(received)
            self._log.info("received" if fresh else "received_again", kind=received.kind, from_me=received.from_me)
        except Exception:  # noqa: BLE001 - it came from outside; the next one shall be kept
            self._log.warning("not_kept", kind=received.kind)
        finally:
            with self._changed:
                self._busy -= 1
                self._kept += 1
                self._changed.notify_all()

    def settle(self, seconds: float) -> None:
        """Wait, ``seconds`` at the most, until a client without a connection has handed over what it still had."""
        ends = time.monotonic() + seconds
        with self._changed:
            while (left := ends - time.monotonic()) > 0:
                before = self._kept
                again = self._changed.wait(left if self._busy else min(QUIET_FOR, left))
                if not again and not self._busy and self._kept == before:
                    return

    def _write(self, received: Received) -> bool:
        pause = FIRST
        while True:
            try:
                return self._inbox.receive(self._desk.session, received)
            except Unavailable:
                time.sleep(pause)
                pause = min(pause * 2, LONGEST)
