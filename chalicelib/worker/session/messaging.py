"""A session's messages, from its client's first connection to the last: sent, answered and received, side by side."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from threading import Event, Thread
from typing import ClassVar, Final

from chalicelib.domain.ring import Matter
from chalicelib.worker.log import Log
from chalicelib.worker.media.incoming import IncomingFiles
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.receiving import Intake
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.waiting import EventQueue, Interrupted, Rung, bounded
from chalicelib.worker.whatsapp.client import Client


class BackgroundWorker(ABC):
    """Does one kind of work for a session, on a thread of its own.

    It takes a turn when it is rung for and when the session is connected anew, until it is stopped. WhatsApp may take
    over a minute to answer, and everything else would wait for that: rings, SIGTERM, the client's events.
    """

    NAME: ClassVar[str]
    MATTER: ClassVar[Matter]
    """What it is rung for."""
    LOOK_EVERY: ClassVar[float | None] = None
    """Seconds between turns, in case a ring got lost; None for no turn without a ring."""
    ENDING_TAKES: ClassVar[float] = 0.0
    """Seconds that an ending waits for the turn that is going on."""

    def __init__(self, reporter: SessionReporter, lease: HeldLease, events: EventQueue, log: Log) -> None:
        self._reporter = reporter
        self._lease = lease
        self._events = events
        self._log = log
        self._client: Client | None = None
        self._online = False
        self._waits = True
        self._look = Event()
        self._over = Event()
        self._thread = Thread(target=self._run, name=self.NAME, daemon=True)

    def start(self, client: Client, *, fresh: bool = False) -> None:
        """Begin, with a turn before there is a connection.

        A ``fresh`` session, which was never connected, was never asked for anything: there is nothing to look for
        until somebody rings.
        """
        self._client = client
        self._waits = not fresh
        if self._waits:
            self.ring()
        self._thread.start()

    def allow(self, *, online: bool) -> None:
        """Say whether the session is connected: only then is WhatsApp spoken to."""
        came_online = online and not self._online
        self._online = online
        if came_online and self._waits:
            self.ring()

    def ring(self) -> None:
        """Wake the thread: there may be something to do, now or when there is a connection. Returns at once."""
        self._waits = True
        self._look.set()

    def stop(self) -> None:
        """Begin nothing more, and wait a little for what is going on, if that is worth it."""
        self._over.set()
        self._look.set()
        if self._thread.is_alive():
            self._thread.join(self.ENDING_TAKES)

    def _ready(self) -> Client | None:
        """Return the client if WhatsApp may be spoken to now: connected, not ending, the lease surely still ours."""
        client = self._client
        held = self._online and not self._over.is_set() and not self._lease.late
        return client if held and client is not None and client.is_connected() else None

    def _run(self) -> None:
        while not self._over.is_set():
            self._look.wait(self.LOOK_EVERY)
            if self._over.is_set():
                break
            self._look.clear()
            try:
                self._turn()
            except Interrupted:
                break
            except Exception:  # noqa: BLE001 - one thing that breaks it shall not be the end of the others
                self._log.warning(f"{self.NAME}_broken")
        self._leave()

    def settle(self, seconds: float) -> None:
        """Do, in ``seconds`` at the most, what came to be done after the last turn; the rest is the next worker's."""
        if not self._thread.is_alive():
            bounded(self._leave, seconds)

    @abstractmethod
    def _turn(self) -> None:
        """Do what there is to do."""

    def _leave(self) -> None:
        """Do what is left to do after the last turn."""
        return


CLOSING_TAKES: Final = 2.0
"""Seconds for the client to close its socket; the end of the process closes it anyway."""
SETTLING_TAKES: Final = 2.0
"""Seconds for what the client still had to be written; the rest is the next worker's, from the file."""


class Messaging:
    """What goes on with the messages of one client: its background ``workers``, and the intake with its files.

    ``fresh`` says that the session was never connected so far.
    """

    def __init__(
        self,
        client: Client,
        workers: Sequence[BackgroundWorker],
        intake: Intake,
        files: IncomingFiles,
        *,
        fresh: bool = False,
    ) -> None:
        self._client = client
        self._workers = workers
        self._intake = intake
        self._files = files
        self._fresh = fresh

    def begin(self) -> None:
        """Begin to connect, and to send and to answer once that is allowed."""
        self._files.start()
        self._intake.start()
        for worker in self._workers:
            worker.start(self._client, fresh=self._fresh)
        self._client.connect()

    def allow(self, *, online: bool) -> None:
        """Say whether the session is connected: only then is anything sent or asked."""
        for worker in self._workers:
            worker.allow(online=online)

    def ring(self, rung: Rung) -> None:
        """Have those workers look whose matter was rung for."""
        for worker in self._workers:
            if rung.calls_for(worker.MATTER):
                worker.ring()

    def stop(self) -> None:
        """Send and answer nothing more."""
        for worker in self._workers:
            worker.stop()

    def hang_up(self) -> None:
        """Send and answer nothing more, close the socket, and keep what had come in by then, receipts too."""
        self.stop()
        bounded(self._client.disconnect, CLOSING_TAKES)
        self._intake.settle(SETTLING_TAKES)
        for worker in self._workers:
            worker.settle(SETTLING_TAKES)
        self._files.close()
