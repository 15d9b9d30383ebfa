"""Servers that do what they like over real sockets, before they have proved anything: a linking ends, and takes orders."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chalicelib.worker.linking.connection import LinkingConnection
from chalicelib.worker.linking.linking import Ended, Linked
from chalicelib.worker.linking.protocol import HELLO_S, LinkingProtocol
from chalicelib.worker.linking.states import Why
from chalicelib.worker.linking.websocket import WebSocket
from tests.whatsapp_server.devices import PATIENCE_S
from tests.worker.linking.test_websocket import accepted, frame

PINGS, PONGS = (frame(bytes(125), opcode=opcode) * 500 for opcode in (9, 10))
Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


async def opened(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept the websocket."""
    head = await reader.readuntil(b"\r\n\r\n")
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", head, re.IGNORECASE)
    assert key
    writer.write(accepted(WebSocket(), key=key[1].decode()))


async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send without end what wants no answer."""
    await opened(reader, writer)
    while True:
        writer.write(PONGS)
        await writer.drain()


async def reads_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ping without end, and read nothing of what comes back."""
    await opened(reader, writer)
    while True:
        writer.write(PINGS)
        await writer.drain()


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept the websocket, and that is all."""
    await opened(reader, writer)
    await reader.read()


@asynccontextmanager
async def linking(server: Server, *, left_s: float) -> AsyncIterator["tuple[LinkingConnection, asyncio.Task[Any]]"]:
    """A linking with that server, which is to say hello within ``left_s`` seconds from now."""
    hanging: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        hanging.add(task)
        try:
            await server(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    began = time.monotonic() - HELLO_S + left_s
    connection = LinkingConnection(
        lambda _, unix_s: LinkingProtocol(now=began, unix_s=unix_s), lambda _: None, lambda _: None
    )
    connection._loop = asyncio.get_running_loop()
    running = asyncio.create_task(connection._link(reader, writer, WebSocket()))
    try:
        yield connection, running
    finally:
        running.cancel()
        writer.transport.abort()
        for task in hanging:
            task.cancel()
        await asyncio.gather(running, *hanging, return_exceptions=True)
        listening.close()


async def end(running: "asyncio.Task[Ended | Linked]") -> Ended | Linked:
    return await asyncio.wait_for(asyncio.shield(running), PATIENCE_S)


@pytest.mark.parametrize("server", [floods, reads_nothing, says_nothing])
def test_a_server_keeps_no_deadline_away(server: Server) -> None:
    async def story() -> None:
        async with linking(server, left_s=0.3) as (_, running):
            assert await end(running) == Ended(Why.SILENT)

    asyncio.run(story())


def test_a_server_that_reads_nothing_is_left_before_its_deadline() -> None:
    async def story() -> None:
        async with linking(reads_nothing, left_s=10 * PATIENCE_S) as (_, running):
            assert await end(running) == Ended(Why.SILENT)

    asyncio.run(story())


def test_a_server_keeps_no_owner_from_giving_up() -> None:
    async def story() -> None:
        async with linking(floods, left_s=10 * PATIENCE_S) as (connection, running):
            await asyncio.to_thread(connection.cancel)
            assert await end(running) == Ended(Why.CANCELLED)

    asyncio.run(story())
