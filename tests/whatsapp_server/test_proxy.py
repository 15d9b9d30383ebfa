"""The CONNECT proxy lets WhatsApp's hosts through and counts the rest."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from infra.whatsapp_server.proxy import ConnectProxy

Story = Callable[[ConnectProxy], Awaitable[None]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data.upper())
    writer.close()


def told(story: Story) -> None:
    """Run a story with a proxy in front of a server that answers in capitals."""

    async def run() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        proxy = ConnectProxy()
        await proxy.start(server.sockets[0].getsockname()[1])
        try:
            await story(proxy)
        finally:
            await proxy.stop()
            server.close()

    asyncio.run(run())


async def asked(proxy: ConnectProxy, head: bytes) -> bytes:
    """The first line of the proxy's answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(head + b"\r\nHost: x\r\n\r\n")
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line


@pytest.mark.parametrize("host", ["web.whatsapp.com", "mmg.whatsapp.net", "WEB.WhatsApp.com"])
def test_whatsapps_hosts_are_let_through(host: str) -> None:
    async def story(proxy: ConnectProxy) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"HELLO"
        writer.close()
        await writer.wait_closed()
        assert (proxy.asked, proxy.refused) == ({host.lower(): 1}, {})

    told(story)


@pytest.mark.parametrize(
    ("request_line", "name"),
    [
        (b"CONNECT example.com:443 HTTP/1.1", "example.com"),
        (b"CONNECT whatsapp.net.example.com:443 HTTP/1.1", "whatsapp.net.example.com"),
        (b"CONNECT evilwhatsapp.net:443 HTTP/1.1", "evilwhatsapp.net"),
        (b"CONNECT web.whatsapp.com:80 HTTP/1.1", "web.whatsapp.com:80"),
        (b"GET http://web.whatsapp.com/ HTTP/1.1", "web.whatsapp.com"),
        (b"nonsense", ""),
    ],
)
def test_all_else_is_refused_and_counted(request_line: bytes, name: str) -> None:
    async def story(proxy: ConnectProxy) -> None:
        for _ in range(2):
            assert (await asked(proxy, request_line)).startswith(b"HTTP/1.1 403 ")
        assert (proxy.asked, proxy.refused) == ({name: 2}, {name: 2})

    told(story)


def test_one_sides_end_is_the_others() -> None:
    async def story(proxy: ConnectProxy) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"CONNECT web.whatsapp.com:443 HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    told(story)


def test_stopping_ends_what_is_being_piped() -> None:
    async def story(proxy: ConnectProxy) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"CONNECT web.whatsapp.com:443 HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        await proxy.stop()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    told(story)
