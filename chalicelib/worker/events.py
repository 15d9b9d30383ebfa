"""Everything that happens to a worker, in one queue that its main thread takes from."""

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from chalicelib.worker.whatsapp.client import ClientEvent


@dataclass(frozen=True, slots=True)
class Rung:
    """The mailbox was rung: look at what is wanted."""


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

    @property
    def waiting(self) -> bool:
        """Whether there is something to take."""
        return not self._queue.empty()

    def next(self, seconds: float) -> Happening | None:
        """Return what happened next, or None after ``seconds``."""
        self._beat()
        try:
            return self._queue.get(timeout=max(seconds, 0))
        except Empty:
            return None
