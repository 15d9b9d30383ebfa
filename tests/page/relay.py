"""A proxy between browser and gateway: it gives the gateway another name, or a path, and can cut what goes through it.

A browser believes a page from localhost as much as one by TLS. Behind the relay the gateway has a name that is no secure
context over plain http, as on somebody's LAN; and the address has the path of a stage, if wanted.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import aiohttp
from aiohttp import web
from yarl import URL

from tests.page.visiting import UNSAFE

_HOP: Final = frozenset(("connection", "keep-alive", "transfer-encoding", "upgrade", "host", "origin", "referer"))
_OWN: Final = ("sec-websocket-",)


class Relay:
    """What goes through it, and what doesn't at the moment."""

    def __init__(self, gateway: str, prefix: str) -> None:
        self._gateway = gateway
        self._prefix = prefix
        self._sockets: dict[int, web.Request] = {}
        self._loop: asyncio.AbstractEventLoop
        self._cut = False
        self._down = False
        self.port = 0

    @property
    def origin(self) -> str:
        """The page's address here."""
        return f"http://{UNSAFE}:{self.port}{self._prefix}"

    @property
    def sockets(self) -> int:
        """The WebSockets that are open."""
        return len(self._sockets)

    def cut(self) -> None:
        """End all WebSockets as a network does, without a word, and let no new one through."""
        self._cut = True
        asyncio.run_coroutine_threadsafe(self._abort(), self._loop).result(10)

    def go_down(self) -> None:
        """Cut WebSockets, and break off every other request too."""
        self._down = True
        self.cut()

    def mend(self) -> None:
        """Let everything through again."""
        self._cut = self._down = False

    async def serve(self, ready: threading.Event, over: asyncio.Event) -> None:
        """Serve until it is over."""
        self._loop = asyncio.get_running_loop()
        app = web.Application(client_max_size=1 << 28)
        app.router.add_route("*", f"{self._prefix}/{{path:.*}}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handle_signals=False)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        async with aiohttp.ClientSession(auto_decompress=False) as self._client:
            ready.set()
            await over.wait()
            self._down = True
            await self._abort()
            await runner.cleanup()
            # What was still on its way ends here, while there is a loop that it can end in.
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for one in left:
                one.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _abort(self) -> None:
        for one in self._sockets.values():
            if one.transport:
                one.transport.abort()
        self._sockets.clear()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        wants_socket = request.headers.get("Upgrade", "").lower() == "websocket"
        if self._down or (self._cut and wants_socket):
            if request.transport:
                request.transport.abort()
            return web.Response(status=502)
        target = self._gateway + request.raw_path.removeprefix(self._prefix)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in _HOP and not name.lower().startswith(_OWN)
        }
        if "Origin" in request.headers:
            headers["Origin"] = self._gateway
        if wants_socket:
            return await self._socket(request, target, headers)
        body = await request.read()
        asked = self._client.request(
            request.method, URL(target, encoded=True), headers=headers, data=body, allow_redirects=False
        )
        async with asked as answer:
            told = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP]
            response = web.StreamResponse(status=answer.status, headers=told)
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    async def _socket(self, request: web.Request, target: str, headers: dict[str, str]) -> web.StreamResponse:
        try:
            far = await self._client.ws_connect(target.replace("http", "ws", 1), headers=headers)
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status)
        near = web.WebSocketResponse()
        await near.prepare(request)
        self._sockets[id(request)] = request
        with suppress(ConnectionError, RuntimeError):
            ways = {asyncio.create_task(_pass_on(near, far)), asyncio.create_task(_pass_on(far, near))}
            _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for one in left:
                one.cancel()
        self._sockets.pop(id(request), None)
        await far.close()
        with suppress(ConnectionError, RuntimeError):
            await near.close()
        return near


async def _pass_on(
    one: "web.WebSocketResponse | aiohttp.ClientWebSocketResponse",
    other: "web.WebSocketResponse | aiohttp.ClientWebSocketResponse",
) -> None:
    async for message in one:
        if message.type is aiohttp.WSMsgType.TEXT:
            await other.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await other.send_bytes(message.data)


@contextmanager
def relaying(gateway: str, prefix: str = "") -> Iterator[Relay]:
    """Serve a relay to the gateway in a thread of its own; ``prefix`` is a stage's path, such as ``/dev``."""
    relay, ready = Relay(gateway, prefix), threading.Event()
    over: asyncio.Event
    loop = asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(relay.serve(ready, over))
        loop.close()

    over = asyncio.Event()
    thread = threading.Thread(target=run, name="relay")
    thread.start()
    assert ready.wait(10)
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
