"""Local servers for a test's time, and requests to them."""

from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from infra.local.connections import connections_app
from infra.local.front import front_app, loopback_socket, serve
from infra.local.functions import Concurrency, Reserved, socket_functions_of
from infra.local.rest import RestApi
from infra.local.sockets import Limits, SocketApi, Watchers
from tests.local.small_app import make_app


@dataclass
class Served:
    """The small app behind its front."""

    app: Any
    url: str
    management: str
    http: aiohttp.ClientSession
    watchers: Watchers

    @property
    def seen(self):
        return self.app.seen

    def watch(self, **query):
        """Open a connection to a path of the WebSocket API."""
        return self.http.ws_connect(f"{self.url}/api/sessions/one/ws", params=query)


@asynccontextmanager
async def serving(
    timeout_s: float = 29.0,
    limits: Limits | None = None,
    apart: Mapping[tuple[str, str], Reserved] | None = None,
    proof: str = "",
) -> AsyncIterator[Served]:
    async with AsyncExitStack() as ending:
        executor = ending.enter_context(ThreadPoolExecutor(8))
        app, watchers = make_app(), Watchers()
        sockets = SocketApi(socket_functions_of(app, Concurrency({})), watchers, limits)
        front = front_app(RestApi(app, executor, timeout_s, apart), sockets, None, proof=proof)
        url = await serve(ending, front, loopback_socket())
        management = await serve(ending, connections_app(watchers), loopback_socket())
        ending.push_async_callback(watchers.close)
        http = await ending.enter_async_context(aiohttp.ClientSession())
        yield Served(app, url, management, http, watchers)
