"""The ways in which a worker's process ends. None of them waits for the client library, which leaves threads behind."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from chalicelib.worker.handover import Handover, to_environment
from chalicelib.worker.log import hand_back

DONE: Final = 0
BROKEN: Final = 1
NOTHING_TO_DO: Final = 75


@dataclass(frozen=True, slots=True)
class Exit:
    """The worker is through; 0 done, 1 the device can't be read, 70 fenced, 75 the session isn't this worker's."""

    code: int


@dataclass(frozen=True, slots=True)
class Again:
    """The client must be thrown away: go on in a fresh image of this process."""

    handover: Handover


Ending = Exit | Again


def defer_sigterm(heeded: Callable[[], bool]) -> None:
    """Have SIGTERM wait for the next image of the process, also one that came already and isn't ``heeded``.

    Blocked on the main thread, the system hands it to another one, whose share of it an exec forgets. So it is sent
    once more, to the main thread alone: what waits for that one outlives the exec.
    """

    def wait() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.signal(signal.SIGTERM, lambda _number, _frame: wait())
    if not heeded():
        wait()


def end(ending: Ending, *, log_descriptor: int) -> NoReturn:
    """End this image of the process as ``ending`` says. Only the main thread may call it."""
    match ending:
        case Exit(code=code):
            os._exit(code)
        case Again(handover=handover):
            try:
                hand_back(log_descriptor)
                os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], to_environment(handover))  # noqa: S606
            finally:
                # It failed. The library's threads would keep the process, and our own its lease.
                os._exit(BROKEN)
