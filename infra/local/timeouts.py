"""How long a client may take: CloudFront and API Gateway close the connections of those who take longer.

aiohttp's own server waits for ever for the rest of a request, and for a client to read its answer.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

REQUEST_S: Final = 30.0
"""CloudFront's request timeout, in seconds."""
IDLE_S: Final = 310.0
"""API Gateway's limit for a connection without a request, in seconds."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for a request's head, for its body, for some of an answer to be read, and between two requests."""

    head_s: float = REQUEST_S
    body_s: float = REQUEST_S
    reading_s: float = REQUEST_S
    idle_s: float = IDLE_S


class TimedRunner(web.AppRunner):
    """Runs an application, and closes the connections of clients that take too long.

    Bodies are left as they come, compressed or not, as API Gateway leaves them.
    """

    def __init__(self, app: web.Application, timeouts: Timeouts, **more: Any) -> None:
        super().__init__(app, keepalive_timeout=timeouts.idle_s, auto_decompress=False, **more)
        self._timeouts = timeouts

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _TimedServer
        vars(server)["timeouts"] = self._timeouts
        return server


class _TimedServer(web.Server):
    timeouts: Timeouts

    def __call__(self) -> RequestHandler:
        return _TimedHandler(self, self.timeouts, loop=self._loop, **self._kwargs)


class _TimedHandler(RequestHandler):
    """One connection. Each wait has a deadline from its beginning: a byte now and then doesn't prolong it."""

    def __init__(self, server: web.Server, timeouts: Timeouts, **more: Any) -> None:
        super().__init__(server, **more)
        self._timeouts = timeouts
        self._request_timer: asyncio.TimerHandle | None = None
        self._reading_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        before = self._request_count
        super().data_received(data)
        if self._request_count > before:
            self._stop(self._request_timer)
            self._request_timer = self._loop.call_later(self._timeouts.body_s, self._end_without_body)
        elif self._waits_for_head() and self._request_timer is None:
            self._await_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading_timer = self._loop.call_later(self._timeouts.reading_s, self._abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop(self._reading_timer)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop(self._request_timer)
        self._stop(self._reading_timer)
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._request_timer = self._loop.call_later(self._timeouts.head_s, self._end_without_head)

    def _waits_for_head(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

    def _end_without_head(self) -> None:
        self._request_timer = None
        if self._waits_for_head():
            self.force_close()

    def _end_without_body(self) -> None:
        self._request_timer = None
        request = self._current_request
        if request is not None and not request.content.is_eof():
            self.force_close()

    def _abort(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    def _stop(self, timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()
