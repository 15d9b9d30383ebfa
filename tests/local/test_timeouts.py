"""Clients that take their time, over real sockets."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from infra.local.front import Timeouts, loopback_socket, serve

SHORT = Timeouts(head_s=0.4, body_s=0.4, reading_s=0.4, idle_s=0.4)
PATIENT = 60.0
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"


async def answer(request):
    return web.Response(body=await request.read())


async def large(request):
    return web.Response(body=b"x" * 64 * 1024 * 1024)


def ended_after(timeouts, *pieces, every=0.05, path_of=answer):
    """Send the pieces slowly, the last again and again; return what was answered, and after how long it was over."""

    async def run():
        app = web.Application()
        app.router.add_route("*", "/", path_of)
        async with AsyncExitStack() as ending:
            listener = loopback_socket()
            await serve(ending, app, listener, timeouts)
            begun = time.monotonic()
            reader, writer = await asyncio.open_connection(*listener.getsockname())

            async def send():
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(every)
                while pieces:
                    writer.write(pieces[-1])
                    await asyncio.sleep(every)

            sending = asyncio.create_task(send())
            try:
                async with asyncio.timeout(PATIENT):
                    told = await reader.read()
            except ConnectionError:
                told = b""
            took = time.monotonic() - begun
            sending.cancel()
            writer.close()
            return told, took

    return asyncio.run(run())


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"GET / HTTP/1.1\r\nX-A: ", b"b"),
        (b"GET / HTTP/1.1\r\n", b"X-A: b\r\n"),
        (POST, b"x", b""),
        (POST + b"x", b""),
    ],
    ids=[
        "nothing",
        "a header without end",
        "headers without end",
        "a body that stops",
        "a body that comes with its head",
    ],
)
def test_a_request_that_never_ends_is_closed(pieces):
    told, took = ended_after(SHORT, *pieces)
    assert told == b""
    assert took > 0.3


def test_a_body_that_drips_is_closed_however_many_bytes_come():
    slow = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
    told, _ = ended_after(SHORT, slow, b"x")
    assert told == b""


def test_a_connection_that_is_kept_for_a_next_request_is_closed_when_none_begins():
    timeouts = Timeouts(PATIENT, PATIENT, PATIENT, 0.4)
    told, _ = ended_after(timeouts, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"")
    assert told.startswith(b"HTTP/1.1 200")


def test_a_second_request_has_its_own_time():
    whole = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    told, _ = ended_after(Timeouts(2, 2, 2, PATIENT), whole, whole, whole, b"X")
    assert told.count(b"HTTP/1.1 200") == 3


def test_who_does_not_read_an_answer_is_left():
    async def run():
        app = web.Application()
        app.router.add_route("*", "/", large)
        async with AsyncExitStack() as ending:
            listener = loopback_socket()
            await serve(ending, app, listener, SHORT)
            _, writer = await asyncio.open_connection(*listener.getsockname(), limit=1024)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            async with asyncio.timeout(PATIENT):
                await writer.wait_closed() if writer.is_closing() else await _reset(writer)

    asyncio.run(run())


async def _reset(writer):
    """Wait until the other side has gone, without reading what it sends."""
    while True:
        await asyncio.sleep(0.05)
        writer.write(b"x")
        try:
            await writer.drain()
        except ConnectionError:
            return


def test_one_that_takes_its_time_within_the_limit_is_answered():
    told, _ = ended_after(Timeouts(5, 5, 5, 0.5), POST, b"12345", b"67890", b"")
    assert told.endswith(b"1234567890")
