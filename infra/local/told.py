"""How the stack learns that it is to stop: by a signal, or by the end of the make that started it."""

import asyncio
import os
import signal
from collections.abc import Mapping
from typing import Final

LOOK_S: Final = 0.5


def told_to_stop(environment: Mapping[str, str]) -> asyncio.Event:
    """Return an event that is set by SIGINT, SIGTERM or SIGHUP.

    Under ``make run`` it is set, too, when make is gone: one that is killed can't pass a signal on.
    """
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(one, told.set)
    if "MAKELEVEL" in environment:
        _watch(os.getppid(), told, loop)
    return told


def _watch(parent: int, told: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    if os.getppid() != parent:
        told.set()
    else:
        loop.call_later(LOOK_S, _watch, parent, told, loop)
