"""The open connections of the WebSocket API: who is there, what is still to be sent, when time is up."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import WSCloseCode, web

IDLE_LIMIT_S: Final = 600.0
"""API Gateway closes a connection after 10 minutes without a message."""
AGE_LIMIT_S: Final = 7200.0
"""API Gateway closes any connection after 2 hours."""
BACKLOG: Final = 1000
"""How many messages may wait for one connection."""
SEND_LIMIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a connection may last, in seconds."""

    idle_s: float = IDLE_LIMIT_S
    age_s: float = AGE_LIMIT_S


@dataclass(eq=False, slots=True)
class Watcher:
    """One connection that was accepted. ``outbox`` keeps the order of what is posted to it; None ends it."""

    id: str
    socket: web.WebSocketResponse
    source_ip: str
    user_agent: str
    connected_at: int
    active_at: float = field(default_factory=time.monotonic)
    outbox: asyncio.Queue[str | bytes | None] = field(default_factory=asyncio.Queue)

    def post(self, message: str | bytes) -> bool:
        """Let ``message`` be sent after those before it; False if too many wait already."""
        if self.outbox.qsize() >= BACKLOG:
            return False
        self.outbox.put_nowait(message)
        return True

    def end(self) -> None:
        """Let the connection be closed after what was posted before."""
        self.outbox.put_nowait(None)

    def touch(self) -> None:
        """Start the idle time anew."""
        self.active_at = time.monotonic()

    async def serve(self, limits: Limits) -> None:
        """Send what is posted, in order, until the connection ends or its time is up."""
        born = self.active_at
        while True:
            left = min(born + limits.age_s, self.active_at + limits.idle_s) - time.monotonic()
            if left <= 0:
                await self.socket.close(code=WSCloseCode.GOING_AWAY, message=b"Going away")
                return
            try:
                message = await asyncio.wait_for(self.outbox.get(), left)
            except TimeoutError:
                continue
            if message is None:
                await self.socket.close()
                return
            try:
                await asyncio.wait_for(self._send(message), SEND_LIMIT_S)
            except TimeoutError:
                await self.socket.close(code=WSCloseCode.GOING_AWAY, message=b"Going away")
                return

    async def _send(self, message: str | bytes) -> None:
        self.touch()
        if isinstance(message, str):
            await self.socket.send_str(message)
        else:
            await self.socket.send_bytes(message)


class Watchers:
    """The connections by id."""

    def __init__(self) -> None:
        self._open: dict[str, Watcher] = {}

    @staticmethod
    def new_id() -> str:
        """Return an id like API Gateway's, which ends with an equals sign."""
        return secrets.token_urlsafe(11) + "="

    def get(self, watcher_id: str) -> Watcher | None:
        """Return the open connection of that id, if there is one."""
        return self._open.get(watcher_id)

    @contextmanager
    def present(self, watcher: Watcher) -> Iterator[None]:
        """Let the watcher be found for the time of the block."""
        self._open[watcher.id] = watcher
        try:
            yield
        finally:
            del self._open[watcher.id]

    async def close(self) -> None:
        """End all connections."""
        for watcher in list(self._open.values()):
            await watcher.socket.close(code=WSCloseCode.GOING_AWAY, message=b"The local stack stops")
