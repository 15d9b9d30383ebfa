"""``@connections``, by which functions post to watchers; moto's accepts any id and delivers nothing."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from infra.local.calls import CallRecorder
from infra.local.front import only_local
from infra.local.iam.permissions import Denial
from infra.local.latencies import NO_LATENCIES, Latencies
from infra.local.moto.server import ERRORS
from infra.local.sockets import STAGE, OpenWatcher, Watchers

PAYLOAD_LIMIT: Final = 128 * 1024
"""The largest message that may be posted, in bytes."""


def allow_all(_authorization: str, _method: str) -> None:
    """Deny nothing."""


def connections_app(
    watchers: Watchers,
    denial: Denial = allow_all,
    recorder: CallRecorder | None = None,
    latencies: Latencies = NO_LATENCIES,
) -> web.Application:
    """Return the management API of the WebSocket API's only stage; ``denial`` says why a caller isn't allowed."""

    async def handle(request: web.Request) -> web.Response:
        began = time.monotonic()
        await latencies.later("@connections", "")
        answer = await answered(request)
        if recorder is not None and recorder.on:
            signed, took = request.headers.get("Authorization", ""), time.monotonic() - began
            recorder.note_watcher(signed, request.method, took=took, refused=answer.status >= ERRORS)
        return answer

    async def answered(request: web.Request) -> web.Response:
        denied = denial(request.headers.get("Authorization", ""), request.method)
        if denied is not None:
            return _error(403, "AccessDeniedException", denied)
        watcher = watchers.get(request.match_info["id"])
        # None for a connection that never was, has ended, or hasn't answered its handshake yet.
        if watcher is None or watcher.socket.closed:
            return _error(410, "GoneException", "The connection is gone.")
        match request.method:
            case "POST":
                return await _post(request, watcher)
            case "GET":
                return _describe(watcher)
            case _:
                watcher.end()
                return web.Response(status=204)

    app = web.Application(middlewares=[only_local], client_max_size=PAYLOAD_LIMIT)
    app.router.add_route("*", f"/{STAGE}/@connections/{{id}}", handle)
    return app


async def _post(request: web.Request, watcher: OpenWatcher) -> web.Response:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return _error(413, "PayloadTooLargeException", f"A message may have {PAYLOAD_LIMIT} bytes.")
    try:
        message: str | bytes = body.decode()
    except UnicodeDecodeError:
        message = body
    # A watcher that reads slowly delays nobody else: its messages wait here, up to a limit.
    if not watcher.post(message):
        return _error(429, "LimitExceededException", "The connection doesn't read what is sent to it.")
    return web.Response(status=200)


def _describe(watcher: OpenWatcher) -> web.Response:
    connected = datetime.fromtimestamp(watcher.connected_at / 1000, UTC)
    idle_s = asyncio.get_running_loop().time() - watcher.active_at
    active = datetime.fromtimestamp(datetime.now(UTC).timestamp() - idle_s, UTC)
    return web.json_response(
        {
            "connectedAt": connected.isoformat(),
            "lastActiveAt": active.isoformat(),
            "identity": {"sourceIp": watcher.source_ip, "userAgent": watcher.user_agent},
        }
    )


def _error(status: int, kind: str, sentence: str) -> web.Response:
    return web.json_response({"message": sentence}, status=status, headers={"x-amzn-ErrorType": kind})
