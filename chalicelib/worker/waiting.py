"""How a worker waits: for what happens, for AWS to answer again, and for calls that may never come back.

Everything that happens to a worker comes in one queue that its main thread takes from. Signals and the client's threads
fill it, and a ``Listener``, which waits for rings in the mailbox.

SQS goes on with a long poll whose caller is gone: it hands the next ring to nobody, and hides it from everybody else
for as long as its visibility timeout. So an image of the process that gives way to the next one ends its poll first, by
ringing itself, and what is hidden all the same is back within a second (see ``SqsMailboxes.wait``).
"""

import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread, current_thread, main_thread
from typing import Final, Generic, TypeVar

from chalicelib.domain.errors import Contended
from chalicelib.domain.ring import ANYTHING, Matter, Ring
from chalicelib.services.ports import Rejected, Unavailable, WorkerMailbox
from chalicelib.worker import monotonic
from chalicelib.worker.log import Log
from chalicelib.worker.whatsapp.client import ClientEvent


@dataclass(frozen=True, slots=True)
class Rung:
    """The mailbox was rung, once or more at a time: look at what ``rings`` are for."""

    rings: tuple[Ring, ...] = (ANYTHING,)

    def calls_for(self, matter: Matter) -> bool:
        """Whether one of the rings is for that matter, or for anything."""
        return any(ring.matter in {matter, Matter.ANYTHING} for ring in self.rings)


@dataclass(frozen=True, slots=True)
class Terminated:
    """SIGTERM: end in good order."""


Happening = ClientEvent | Rung | Terminated


class EventQueue:
    """A queue that signal handlers and foreign threads may put into: SimpleQueue's ``put`` is reentrant."""

    def __init__(self, beat: Callable[[], None] = lambda: None) -> None:
        """Make an empty one; ``beat`` is called each time somebody looks into it, as a sign of life."""
        self._beat = beat
        self._queue: SimpleQueue[Happening] = SimpleQueue()
        self.terminated = False

    def put(self, happening: Happening) -> None:
        """Add what happened; never blocks."""
        self._queue.put(happening)

    def terminate(self) -> None:
        """Say that the process is to end; safe in a signal handler."""
        self.terminated = True
        self._queue.put(Terminated())

    def forget_client(self) -> None:
        """Take out what a client has told that nobody serves any more; what others have put in stays."""
        kept = []
        with suppress(Empty):
            while True:
                happening = self._queue.get_nowait()
                if isinstance(happening, Rung | Terminated):
                    kept.append(happening)
        for happening in kept:
            self._queue.put(happening)

    @property
    def waiting(self) -> bool:
        """Whether there is something to take."""
        return not self._queue.empty()

    def pause(self, seconds: float) -> None:
        """Do nothing for ``seconds``. The main thread has come round with that, which is no other thread's to say."""
        if current_thread() is main_thread():
            self._beat()
        time.sleep(seconds)

    def next(self, seconds: float) -> Happening | None:
        """Return what happened next, or None after ``seconds``."""
        self._beat()
        try:
            return self._queue.get(timeout=max(seconds, 0))
        except Empty:
            return None


T = TypeVar("T")

FIRST: Final = 0.2
LONGEST: Final = 2.0


class Interrupted(Exception):
    """SIGTERM came while AWS didn't answer."""


def patiently(call: Callable[[], T], events: EventQueue) -> T:
    """Return what ``call`` returns, calling it again while AWS doesn't answer: only a lost claim ends a worker.

    Raises Interrupted once the worker is to end anyway, and Rejected at once: no repetition mends that.
    """
    pause = FIRST
    while True:
        try:
            return call()
        except (Unavailable, Contended):
            if events.terminated:
                raise Interrupted from None
            events.pause(pause)
            pause = min(pause * 2, LONGEST)


def bounded(call: Callable[[], T], seconds: float) -> T | None:
    """Return what ``call`` returns, or None if that takes longer than ``seconds``: its thread is then left behind."""
    return Bounded(call, seconds)()


class Bounded(Generic[T]):
    """A call that may hang, made on a thread of its own; while one hangs, no other is made."""

    def __init__(self, call: Callable[[], T], seconds: float) -> None:
        self._call = call
        self._seconds = seconds
        self._thread: Thread | None = None

    def __call__(self) -> T | None:
        """Return what the call returns, or None if that takes longer, or raises."""
        if self._thread and self._thread.is_alive():
            return None
        answers: list[T] = []
        self._thread = Thread(target=lambda: answers.append(self._call()), name="bounded", daemon=True)
        self._thread.start()
        self._thread.join(self._seconds)
        return answers[0] if answers else None


def backoff(failures: int) -> int:
    """Milliseconds to wait after ``failures`` failures in a row: 1 s, doubling, 30 s at the most, and a little more.

    Up to half as much again, by chance: when WhatsApp comes back, not all workers shall come at once.
    """
    least = min(1_000 << min(max(failures - 1, 0), 5), 30_000)
    return least + random.randrange(least // 2)  # noqa: S311 - chance keeps them apart, nobody shall be surprised


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
            rings: Mapping[str, Ring] = {}
            try:
                rings = self._mailbox.wait(self._address, POLL)
                if rings:
                    # First acted on, then taken out: somebody waits for what they rang for.
                    self._events.put(Rung(tuple(rings.values())))
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
