"""API Gateway's WebSocket API: the open connections, and the app's ``$connect``, ``$default`` and ``$disconnect``."""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from aiohttp import WSCloseCode, WSMsgType, web
from multidict import MultiMapping

from infra.local.functions import Function

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
class OpenWatcher:
    """One connection that was accepted. ``outbox`` keeps the order of what is posted to it; None ends it."""

    id: str
    socket: web.WebSocketResponse
    source_ip: str
    user_agent: str
    connected_at: int
    active_at: float = field(default_factory=time.monotonic)
    outbox: asyncio.Queue[str | bytes | None] = field(default_factory=asyncio.Queue)

    def post(self, message: str | bytes) -> bool:
        """Queue ``message`` for sending; False if too many wait already."""
        if self.outbox.qsize() >= BACKLOG:
            return False
        self.outbox.put_nowait(message)
        return True

    def end(self) -> None:
        """Queue the connection's end, after the messages posted before."""
        self.outbox.put_nowait(None)

    def touch(self) -> None:
        """Start the idle time anew."""
        self.active_at = time.monotonic()

    async def serve(self, limits: Limits) -> None:
        """Send the posted messages in order, until the connection ends or its time is up."""
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
        self._open: dict[str, OpenWatcher] = {}

    @staticmethod
    def new_id() -> str:
        """Return an id like API Gateway's, which ends with an equals sign."""
        return secrets.token_urlsafe(11) + "="

    def get(self, watcher_id: str) -> OpenWatcher | None:
        """Return the open connection of that id, if there is one."""
        return self._open.get(watcher_id)

    @contextmanager
    def present(self, watcher: OpenWatcher) -> Iterator[None]:
        """Have ``get`` find the watcher for the time of the block."""
        self._open[watcher.id] = watcher
        try:
            yield
        finally:
            del self._open[watcher.id]

    async def close(self) -> None:
        """End all connections."""
        for watcher in list(self._open.values()):
            await watcher.socket.close(code=WSCloseCode.GOING_AWAY, message=b"The local stack stops")


FRAME_LIMIT: Final = 32 * 1024
"""The largest frame that API Gateway takes from a client, in bytes of its payload."""
MESSAGE_LIMIT: Final = 128 * 1024
"""The largest message that it takes from a client, in as many frames as that needs."""
API_ID: Final = "local"
STAGE: Final = "api"
NO_STATUS: Final = 1005
ABNORMAL: Final = 1006

log = logging.getLogger(__name__)


class SocketApi:
    """Handshakes, messages and ends of connections, each a call of one of ``routes``."""

    def __init__(self, routes: Mapping[str, Function], watchers: Watchers, limits: Limits | None = None) -> None:
        self._routes = routes
        self._watchers = watchers
        self._limits = limits or Limits()

    async def handle(
        self, request: web.Request, query: Mapping[str, str], headers: MultiMapping[str] | None = None
    ) -> web.StreamResponse:
        """Serve one connection from handshake to end; ``query`` and ``headers`` are what ``$connect`` sees."""
        if not web.WebSocketResponse().can_prepare(request).ok:
            return web.json_response({"message": "Upgrade to a WebSocket is required here."}, status=426)
        watcher_id = Watchers.new_id()
        connecting = _Scene(watcher_id, request, int(time.time() * 1000))
        answer = await self._connect(connecting, query, request.headers if headers is None else headers)
        if not 200 <= answer["statusCode"] < 300:
            return web.Response(
                status=answer["statusCode"], headers=answer.get("headers"), text=str(answer.get("body") or "")
            )
        socket = web.WebSocketResponse(max_msg_size=MESSAGE_LIMIT + 1, compress=False)
        await socket.prepare(request)
        scene = _Scene(watcher_id, request, int(time.time() * 1000))
        watcher = OpenWatcher(watcher_id, socket, scene.source_ip, scene.user_agent, scene.connected_at)
        with self._watchers.present(watcher):
            await self._converse(watcher, scene)
        await self._disconnect(scene, socket)
        return socket

    async def _connect(self, scene: "_Scene", query: Mapping[str, str], headers: MultiMapping[str]) -> dict[str, Any]:
        """Return the handler's answer: ``statusCode``, and ``headers`` and a ``body`` where it refuses."""
        handler = self._routes.get("$connect")
        if handler is None:
            return {"statusCode": 200}
        event = scene.event("$connect", "CONNECT") | {
            "headers": dict(headers),
            "multiValueHeaders": {name: headers.getall(name) for name in headers},
            "queryStringParameters": dict(query) or None,
            "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        }
        try:
            return dict(await handler(event))
        except Exception:
            log.exception("$connect failed")
            return {"statusCode": 502}

    async def _converse(self, watcher: OpenWatcher, scene: "_Scene") -> None:
        sending = asyncio.create_task(watcher.serve(self._limits))
        calls: set[asyncio.Task[None]] = set()
        try:
            async for message in watcher.socket:
                if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    continue
                watcher.touch()
                # API Gateway doesn't wait for one message's handler before it hands over the next.
                call = asyncio.create_task(self._message(watcher, scene, message.data))
                calls.add(call)
                call.add_done_callback(calls.discard)
        finally:
            sending.cancel()
            await asyncio.gather(sending, *calls, return_exceptions=True)

    async def _message(self, watcher: OpenWatcher, scene: "_Scene", data: str | bytes) -> None:
        text = data if isinstance(data, str) else data.decode(errors="replace")
        route = self._route(text)
        handler = self._routes.get(route)
        event = scene.event(route, "MESSAGE") | {"body": text, "isBase64Encoded": False}
        try:
            if handler is not None:
                await handler(event)
                return
            problem = "Forbidden"
        except Exception:
            log.exception("%s failed", route)
            problem = "Internal server error"
        answer = {"message": problem, "connectionId": watcher.id, "requestId": event["requestContext"]["requestId"]}
        watcher.post(json.dumps(answer))

    def _route(self, text: str) -> str:
        """Follow API Gateway's route selection expression ``$request.body.action``, which is Chalice's."""
        try:
            action = json.loads(text)["action"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return "$default"
        return action if isinstance(action, str) and action in self._routes else "$default"

    async def _disconnect(self, scene: "_Scene", socket: web.WebSocketResponse) -> None:
        handler = self._routes.get("$disconnect")
        if handler is None:
            return
        event = scene.event("$disconnect", "DISCONNECT")
        event["requestContext"] |= {"disconnectStatusCode": socket.close_code or ABNORMAL, "disconnectReason": ""}
        try:
            await handler(event)
        except Exception:
            log.exception("$disconnect failed")


class _Scene:
    """What all events of one connection share."""

    def __init__(self, watcher_id: str, request: web.Request, connected_at: int) -> None:
        self.watcher_id = watcher_id
        self.request = request
        self.connected_at = connected_at
        self.source_ip = request.remote or "127.0.0.1"
        self.user_agent = request.headers.get("User-Agent", "")

    def event(self, route: str, kind: str) -> dict[str, Any]:
        """Return the part that all kinds of events have."""
        context = {
            "routeKey": route,
            "eventType": kind,
            "connectionId": self.watcher_id,
            "connectedAt": self.connected_at,
            "requestTimeEpoch": int(time.time() * 1000),
            "requestId": str(uuid4()),
            "extendedRequestId": str(uuid4()),
            "messageDirection": "IN",
            "identity": {"sourceIp": self.source_ip, "userAgent": self.user_agent},
            "domainName": self.request.host,
            "apiId": API_ID,
            "stage": STAGE,
        }
        return {"requestContext": context, "isBase64Encoded": False}
