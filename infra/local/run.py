"""One run on a state directory: the lock, the port, the log, the event loop, and how it learns that it is to end."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from infra.local.console import LogLines
from infra.local.front import loopback_socket
from infra.local.pumps import UnknownFunction
from infra.local.settings import BadSetting, LocalSettings
from infra.local.stack import StackServices
from infra.local.state import NETWORK_FILE, InUse, LocalState

LOOK_S: Final = 0.5


def told_to_stop(environment: Mapping[str, str]) -> asyncio.Event:
    """Return an event that is set by SIGINT, SIGTERM or SIGHUP.

    Under ``make run`` the event is set, too, when make is gone: a killed make passes no signal on.
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


UNFIT: Final = (InUse, BadSetting, UnknownFunction)
"""Errors whose text is a sentence for the developer."""
LOGS_KEPT_S: Final = 7 * 86400


def run(settings: LocalSettings) -> None:
    """Run the stack until it is told to stop."""
    state = LocalState(settings.state)
    with state.locked():
        _stay_with_network(state, settings)
        _drop_old_logs(state)
        # Unlike HTTP answers, logs may name what failed inside: they are kept beside the state, not shown.
        log = logging.FileHandler(state.logs / "functions.log")
        log.setFormatter(LogLines())
        logging.basicConfig(handlers=[log], level=logging.INFO)
        logging.getLogger("botocore").setLevel(logging.WARNING)
        listener = loopback_socket(settings.port)
        chosen = replace(settings, port=listener.getsockname()[1])
        loop = asyncio.new_event_loop()
        loop.run_until_complete(_serve(StackServices(chosen, state), listener))


async def _serve(stack: StackServices, listener: socket.socket) -> None:
    told = told_to_stop(os.environ)
    await stack.run(listener, told)


def _drop_old_logs(state: LocalState) -> None:
    """Forget the logs that nothing has been written to for a week."""
    for log in state.logs.glob("*.log"):
        if log.stat().st_mtime < time.time() - LOGS_KEPT_S:
            log.unlink()


def _stay_with_network(state: LocalState, settings: LocalSettings) -> None:
    """Refuse to mix: the loopback's well-known password must not open a stack with real accounts."""
    before = state.read(NETWORK_FILE, settings.network)
    if before != settings.network:
        raise BadSetting(
            f"{state.directory} belongs to NETWORK={before}. Keep the two apart: "
            f"make run NETWORK={settings.network} LOCAL_STATE=.local/{settings.network}-network"
        )
    state.write(NETWORK_FILE, settings.network)
