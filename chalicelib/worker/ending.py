"""The ways in which a worker's process ends. None of them waits for the client library, which leaves threads behind."""

import os
import signal
import sys
from dataclasses import dataclass
from typing import Final, NoReturn

from chalicelib.worker.log import hand_back
from chalicelib.worker.order import Handover, to_environment

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


def end(ending: Ending, *, log_descriptor: int) -> NoReturn:
    """End this image of the process as ``ending`` says. Only the main thread may call it."""
    match ending:
        case Exit(code=code):
            os._exit(code)
        case Again(handover=handover):
            # SIGTERM waits until the next image can hear it.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            hand_back(log_descriptor)
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], to_environment(handover))  # noqa: S606
