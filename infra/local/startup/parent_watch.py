"""Ends this process with the local stack that started it, whichever way the stack ends."""

import ctypes
import os
import signal
import stat
import sys
import threading

_PR_SET_PDEATHSIG = 1


def start(descriptor: int) -> None:
    """Watch the pipe whose other end the stack holds; its end-of-file is the stack's death.

    The kernel's own signal on the parent's death comes first where there is one: it also ends a frozen process. It
    fires when the *thread* that started us ends, so the stack starts its tasks from its main thread. A descendant that
    inherited the variable but not the descriptor is left alone: it isn't the stack's child.
    """
    if not _is_pipe(descriptor):
        return
    os.set_inheritable(descriptor, True)  # for a worker that re-executes itself
    end_with_parent()
    threading.Thread(target=_wait, args=(descriptor,), name="parent-watch", daemon=True).start()


def end_with_parent() -> None:
    """Have the kernel kill this process at the end of the thread that started it, where there is such a kernel."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _is_pipe(descriptor: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def _wait(descriptor: int) -> None:
    try:
        while os.read(descriptor, 1):
            pass
    except OSError:
        return  # the descriptor was closed here, on purpose
    os._exit(1)
