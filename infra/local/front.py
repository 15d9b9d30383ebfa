"""The one local port, in the place of CloudFront, the two API Gateways and S3: whom it serves, and for how long.

A page from anywhere can make a browser send requests to localhost, and a name that resolves to 127.0.0.1 makes it
believe that they are the page's own (DNS rebinding). The Host and Origin headers tell.

aiohttp's own server waits for ever for the rest of a request, and for a client to read its answer.
"""

import asyncio
import os
import re
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import web
from aiohttp.http_websocket import WebSocketReader
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict

from chalicelib.dialects import websocket_paths
from chalicelib.domain.edge import (
    EDGE_ID_HEADER,
    HANDSHAKE_HEADER,
    HOST_HEADER,
    PROOF_HEADER,
    VIEWER_HEADER,
    destination,
    strip,
)
from infra.local.bucket import Bucket
from infra.local.framing import FrameLimit
from infra.local.latencies import NO_LATENCIES, Latencies
from infra.local.page import PageSite
from infra.local.rest import PAYLOAD_LIMIT, RestApi
from infra.local.sockets import FRAME_LIMIT, SocketApi

LOOPBACK: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_local(host: str) -> bool:
    """Return whether ``host`` (a Host header: name and perhaps port) names this machine."""
    return LOOPBACK.fullmatch(host) is not None


def invited() -> frozenset[str]:
    """Return the further origins that the developer allows (ALLOWED_ORIGINS); ``null`` is a page opened as a file."""
    return frozenset(filter(None, os.environ.get("ALLOWED_ORIGINS", "").split(",")))


def refusal(host: str, origin: str | None) -> str | None:
    """Return the sentence to refuse a request with, None for a request to serve."""
    if not is_local(host):
        return "The local stack answers only as localhost or 127.0.0.1."
    if origin is not None and origin not in invited() and not is_local(origin.partition("//")[2]):
        return "The local stack answers only pages that come from localhost or 127.0.0.1."
    return None


@web.middleware
async def only_local(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests that don't come from this machine, before their bodies are read."""
    sentence = refusal(request.headers.get("Host", ""), request.headers.get("Origin"))
    if sentence is not None:
        return web.json_response({"message": sentence}, status=403)
    return await handler(request)


REQUEST_S: Final = 30.0
"""CloudFront's request timeout, in seconds."""
IDLE_S: Final = 310.0
"""API Gateway's limit for a connection without a request, in seconds."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for a request's head, for its body, for the client to read a part of an answer, and between requests."""

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

    def set_parser(self, parser: WebSocketReader, data_received_cb: Callable[[], None] | None = None) -> None:
        super().set_parser(FrameLimit(parser, FRAME_LIMIT), data_received_cb)  # type: ignore[arg-type]

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


SHUTDOWN_S: Final = 1.0
"""How long requests in progress are waited for when a site closes."""


def loopback_socket(port: int = 0) -> socket.socket:
    """Return a socket bound to 127.0.0.1, not yet listening; port 0 takes a free one."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", port))
    return one


async def serve(
    ending: AsyncExitStack, app: web.Application, listener: socket.socket, timeouts: Timeouts | None = None
) -> str:
    """Serve ``app`` on ``listener`` until ``ending`` unwinds; return the address."""
    runner = TimedRunner(
        app, timeouts or Timeouts(), access_log=None, shutdown_timeout=SHUTDOWN_S, handle_signals=False
    )
    await runner.setup()
    ending.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener, backlog=1024).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


PHONES: Final = "/_local/whatsapp/"
AWS: Final = "/_local/aws/"


def front_app(
    rest: RestApi,
    sockets: SocketApi,
    phones: web.Application | None,
    bucket: Bucket | None = None,
    page: PageSite | None = None,
    *,
    faults: web.Application | None = None,
    proof: str = "",
    latencies: Latencies = NO_LATENCIES,
) -> web.Application:
    """Return the front; ``phones`` are the loopback WhatsApp's control routes, ``faults`` the local AWS's, or None.

    ``proof`` is what it shows the functions for having passed it, as CloudFront does; empty shows nothing.
    """
    paths = websocket_paths()

    async def handle(request: web.Request) -> web.StreamResponse:
        way = destination(request.rel_url.raw_path, request.query, paths, handshake=HANDSHAKE_HEADER in request.headers)
        headers = _through_the_edge(request, proof)
        await latencies.later("cloudfront", way.api)
        if way.api == "rest":
            return await rest.handle(request, way.path, headers)
        # API Gateway decodes what the edge put into the query.
        added = {name: unquote(value) for name, value in way.parameters.items()}
        return await sockets.handle(request, strip(dict(request.query.items())) | added, headers)

    app = web.Application(middlewares=[only_local], client_max_size=PAYLOAD_LIMIT)
    if phones is not None:
        app.add_subapp(PHONES, phones)
    if faults is not None:
        app.add_subapp(AWS, faults)
    if bucket is not None:
        bucket.add_to(app)
    if page is not None:
        page.add_to(app)
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def _through_the_edge(request: web.Request, proof: str) -> CIMultiDict[str]:
    """Return the request's headers as the edge hands them on.

    It says nothing of the name that was called, since behind it that would be one over https; the Host header stays.
    """
    headers = CIMultiDict(request.headers)
    for name in (EDGE_ID_HEADER, PROOF_HEADER, VIEWER_HEADER, HOST_HEADER):
        headers.popall(name, None)
    if proof:
        headers[EDGE_ID_HEADER] = secrets.token_urlsafe(42)
        headers[PROOF_HEADER] = proof
        headers[VIEWER_HEADER] = request.remote or ""
    return headers
