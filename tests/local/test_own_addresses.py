"""The two APIs at addresses of their own: their stage before the path, and nothing beside it."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from botocore.hooks import HierarchicalEmitter

from chalicelib import page
from chalicelib.page import reference
from infra.local.front import PHONES, loopback_socket, serve
from infra.local.functions import Concurrency, socket_functions_of
from infra.local.own_addresses import OwnAddresses, lead_to_local_aws, rest_app, sockets_app
from infra.local.page import PageSite
from infra.local.rest import RestApi
from infra.local.sockets import SocketApi, Watchers
from tests.local.small_app import make_app


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Any, aiohttp.ClientSession, str, str]]:
    """The small app, a client, and where its two APIs are."""
    async with AsyncExitStack() as ending:
        executor = ending.enter_context(ThreadPoolExecutor(4))
        app, watchers = make_app(), Watchers()
        site = PageSite(PHONES, {}, above=True)
        rest = rest_app(RestApi(app, executor), None, site, faults=web.Application())
        sockets = sockets_app(SocketApi(socket_functions_of(app, Concurrency({})), watchers))
        calls = await serve(ending, rest, loopback_socket())
        follows = await serve(ending, sockets, loopback_socket())
        ending.push_async_callback(watchers.close)
        yield app, await ending.enter_async_context(aiohttp.ClientSession()), calls, follows


def asked(path: str, **headers: str) -> tuple[int, Any]:
    async def ask() -> tuple[int, Any]:
        async with serving() as (_, http, calls, _), http.get(calls + path, headers=headers) as answer:
            return answer.status, await answer.json()

    return asyncio.run(ask())


@pytest.mark.parametrize("path", ["/", "/things/1", "/apis/things/1", "/v1/api/things/1"])
def test_beside_the_stage_there_is_nothing(path: str) -> None:
    assert asked(path) == (403, {"message": "Forbidden"})


def test_behind_the_stage_are_the_routes_and_a_function_is_told_the_whole_path() -> None:
    status, told = asked("/api/things/1?a=b%20c")
    assert (status, told["id"], told["query"]) == (200, "1", {"a": "b c"})
    assert asked("/api/slow") == (200, {"path": "/api/slow"})
    # API Gateway has another resource there, for which the small app has no route.
    assert asked("/api/slow/")[0] == 405


def test_nobody_vouches_for_what_comes_and_no_other_host_is_served() -> None:
    assert asked("/api/edge", **{"X-Switchboard-Viewer": "203.0.113.9"}) == (
        200,
        {"x-switchboard-viewer": "203.0.113.9"},
    )
    assert asked("/api/things/1", Host="rebound.example")[0] == 403
    assert asked("/api/things/1", Origin="https://evil.example")[0] == 403


def test_a_websocket_is_opened_at_the_stage_alone_and_its_query_is_what_was_written() -> None:
    async def ask() -> tuple[int, Any]:
        async with serving() as (app, http, _, follows):
            async with http.get(f"{follows}/v1/ws") as refused:
                status = refused.status
            async with http.ws_connect(f"{follows}/api?sb_dialect=native&sb_session=a%252Eb"):
                return status, app.seen[0]

    assert asyncio.run(ask()) == (403, ("connect", {"sb_dialect": "native", "sb_session": "a%2Eb"}))


def test_of_the_page_s_files_only_those_that_are_special_here_are_not_the_function_s() -> None:
    status, place = asked(f"/api/page/{page.build()}/{page.PLACE}")
    assert (status, place["phones"]) == (200, f"..{PHONES}")

    async def ask() -> list[int]:
        statuses = []
        async with serving() as (_, http, calls, _):
            for name in (
                f"{reference.build()}/{reference.SCRIPT}",
                f"{page.build()}/phone.js",
                f"{page.build()}/main.js",
            ):
                async with http.get(f"{calls}/api/page/{name}") as answer:
                    statuses.append(answer.status)
        return statuses

    # Chalice's own word for what the small app has no route for.
    assert asyncio.run(ask()) == [200, 200, 405]


def test_what_is_asked_of_the_bucket_s_address_goes_to_the_local_aws_and_all_else_where_it_is_for() -> None:
    events = HierarchicalEmitter()
    lead_to_local_aws(events, "http://127.0.0.1:3", "http://127.0.0.1:4")
    led = {}
    for url in ("http://127.0.0.1:3/b/media/k?x=1", "http://127.0.0.1:33/b", "http://127.0.0.1:4/"):
        request = SimpleNamespace(url=url)
        assert [answer for _, answer in events.emit("before-send.s3.GetObject", request=request)] == [None]
        led[url] = request.url
    assert led == {
        "http://127.0.0.1:3/b/media/k?x=1": "http://127.0.0.1:4/b/media/k?x=1",
        "http://127.0.0.1:33/b": "http://127.0.0.1:33/b",
        "http://127.0.0.1:4/": "http://127.0.0.1:4/",
    }


def test_both_ports_are_taken_at_once() -> None:
    own = OwnAddresses()
    try:
        ports = {own.sockets.getsockname()[1], own.bucket.getsockname()[1]}
        assert len(ports) == 2
        assert own.sockets_url == f"ws://localhost:{own.sockets.getsockname()[1]}/api"
        assert own.bucket_url == f"http://127.0.0.1:{own.bucket.getsockname()[1]}"
    finally:
        own.sockets.close()
        own.bucket.close()
