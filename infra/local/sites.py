"""Listening sockets of this machine alone, and aiohttp applications served on them."""

import socket
from contextlib import AsyncExitStack
from typing import Final

from aiohttp import web

from infra.local.timeouts import TimedRunner, Timeouts

SHUTDOWN_S: Final = 1.0
"""How long requests in progress are waited for when a site closes."""


def loopback_socket(port: int = 0) -> socket.socket:
    """Return a socket bound to 127.0.0.1, not yet listening; port 0 takes a free one."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", port))
    return one


async def serve(
    ending: AsyncExitStack, app: web.Application, door: socket.socket, timeouts: Timeouts | None = None
) -> str:
    """Serve ``app`` on ``door`` until ``ending`` unwinds; return the address."""
    runner = TimedRunner(
        app, timeouts or Timeouts(), access_log=None, shutdown_timeout=SHUTDOWN_S, handle_signals=False
    )
    await runner.setup()
    ending.push_async_callback(runner.cleanup)
    await web.SockSite(runner, door, backlog=1024).start()
    return f"http://127.0.0.1:{door.getsockname()[1]}"
