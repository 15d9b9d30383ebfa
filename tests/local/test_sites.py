import asyncio
import socket
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web

from infra.local.front import loopback_socket, serve


def test_a_site_is_reached_on_loopback_until_it_ends():
    async def answer(_):
        return web.Response(text="here")

    async def run():
        app = web.Application()
        app.router.add_get("/", answer)
        async with AsyncExitStack() as ending:
            url = await serve(ending, app, loopback_socket())
            async with aiohttp.ClientSession() as http, http.get(url) as got:
                text = await got.text()
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.ClientConnectionError):
                await http.get(url)
        return text

    assert asyncio.run(run()) == "here"


def test_a_bound_socket_takes_nobody_in_before_it_serves():
    with loopback_socket() as listener, pytest.raises(ConnectionRefusedError):
        socket.create_connection(listener.getsockname(), timeout=1)
