"""A linking over a real connection: TCP or a proxy's CONNECT, TLS, the websocket; on an event loop.

The way to WhatsApp is the library's: the session's proxy if it has one, else the environment's, else none; certificates
are those that Python trusts (``SSL_CERT_FILE`` adds to them).
"""

import asyncio
import base64
import ssl
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from chalicelib.worker.linking.linking import Ended, Event, Linked, Vouched
from chalicelib.worker.linking.pairing import LinkedDevice
from chalicelib.worker.linking.protocol import LinkingProtocol
from chalicelib.worker.linking.states import Why
from chalicelib.worker.linking.websocket import HOST, NotWebSocket, WebSocket, WebSocketClosed

PORT: Final = 443
OPENING_S: Final = 20.0
"""Seconds for the connection, with its proxy and TLS, up to the open websocket."""
CLOSING_S: Final = 1.0
MOST_UNSENT: Final = 256 * 1024
"""Bytes that may wait to be sent; a whole linking is some thousands. A server with more owing to it reads nothing."""
_CHUNK: Final = 64 * 1024
_LONGEST_ANSWER: Final = 16 * 1024

Act = Callable[[LinkingProtocol, float], None]
"""What the owner does with a linking, at a monotonic time."""


class Unreachable(Exception):
    """WhatsApp can't be reached; the text is a word of ours."""


class LinkingConnection:
    """One linking, for one event loop. ``acted`` alone may be called from other threads.

    ``emit`` gets every event, on the loop; ``store`` must make a device durable, and may block: it gets a thread.
    """

    def __init__(
        self,
        make_protocol: Callable[[float, float], LinkingProtocol],
        emit: Callable[[Event], None],
        store: Callable[[LinkedDevice], None],
        *,
        proxy: str | None = None,
    ) -> None:
        self._make_protocol = make_protocol
        self._emit = emit
        self._store = store
        self._proxy = proxy
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inbox: asyncio.Queue[bytes | Act | Exception] = asyncio.Queue()
        self._ended: Ended | Linked | None = None
        self.is_open = False

    def acted(self, act: Act) -> None:
        """Have the owner's ``act`` done, from any thread; what it raises is dropped. Nothing is done after the end."""
        if self._loop:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._inbox.put_nowait, act)

    def done(self, act: Act, seconds: float) -> None:
        """Have the owner's ``act`` done, from any thread but the loop's, and wait for that: raises what it raises.

        TimeoutError where nothing is done any more.
        """
        outcome: Future[None] = Future()

        def doing(protocol: LinkingProtocol, now: float) -> None:
            try:
                act(protocol, now)
            except Exception as error:  # noqa: BLE001 - whatever it was, it is for whoever waits
                outcome.set_exception(error)
            else:
                outcome.set_result(None)

        self.acted(doing)
        outcome.result(seconds)

    def cancel(self) -> None:
        """End it, from any thread."""
        self.acted(lambda protocol, _: protocol.end(Why.CANCELLED))

    async def run(self) -> Ended | Linked:
        """Link; return how it ended. The event of that is emitted as well."""
        self._loop = asyncio.get_running_loop()
        websocket = WebSocket()
        try:
            async with asyncio.timeout(OPENING_S):
                reader, writer = await _dialled(self._proxy)
        except (Unreachable, OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            return self._fail(Why.UNREACHABLE, str(error) if isinstance(error, Unreachable) else type(error).__name__)
        try:
            return await self._link(reader, writer, websocket)
        finally:
            self.is_open = False
            await _leave(writer, websocket)

    def _fail(self, why: Why, detail: str) -> Ended:
        ended = Ended(why, detail)
        self._emit(ended)
        return ended

    async def _link(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, websocket: WebSocket
    ) -> Ended | Linked:
        protocol = self._make_protocol(time.monotonic(), time.time())
        listening = asyncio.create_task(self._listen(reader))
        try:
            writer.write(websocket.bytes_to_send())
            while self._ended is None:
                came = await self._next(protocol)
                self._take(came, protocol, websocket)
                await self._told(protocol)
                _send(writer, protocol, websocket)
                if writer.transport.get_write_buffer_size() > MOST_UNSENT:
                    protocol.end(Why.SILENT)
                    await self._told(protocol)
                self.is_open = websocket.is_open
                if came is not None:
                    self._inbox.task_done()
        finally:
            listening.cancel()
        return self._ended

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Put what arrives into the inbox, and at last why nothing more does."""
        try:
            while data := await reader.read(_CHUNK):
                await self._inbox.put(data)
                # No more is read than is dealt with: what a server sends doesn't pile up here.
                await self._inbox.join()
            await self._inbox.put(EOFError())
        except OSError as error:
            await self._inbox.put(error)

    async def _next(self, protocol: LinkingProtocol) -> bytes | Act | Exception | None:
        """Return what happens next, None when it is time to look at the protocol."""
        wake_at = protocol.wake_at
        seconds = None if wake_at is None else wake_at - time.monotonic()
        if seconds is not None and seconds <= 0:
            # Before anything that arrived: a server that never stops talking keeps no deadline away.
            return None
        try:
            async with asyncio.timeout(seconds):
                return await self._inbox.get()
        except TimeoutError:
            return None

    def _take(self, came: bytes | Act | Exception | None, protocol: LinkingProtocol, websocket: WebSocket) -> None:
        now = time.monotonic()
        if came is None:
            protocol.tick(now)
        elif isinstance(came, bytes):
            try:
                # What is left of it after a closing frame's announcement is nothing.
                for data in (came, b""):
                    for message in websocket.receive(data):
                        protocol.receive(message, now)
            except NotWebSocket as error:
                protocol.end(Why.NOT_WHATSAPP, str(error))
            except WebSocketClosed as closed:
                protocol.end(Why.CLOSED, str(closed))
        elif isinstance(came, Exception):
            protocol.end(Why.CLOSED)
        else:
            # The owner has been told by its own check, or is late: see ``client``.
            with suppress(Exception):
                came(protocol, now)

    async def _told(self, protocol: LinkingProtocol) -> None:
        """Emit what has happened; a device is stored at once, and meanwhile nothing else is done."""
        while events := protocol.events():
            for event in events:
                self._emit(event)
                if isinstance(event, Vouched):
                    await self._stored(event.device, protocol)
                elif isinstance(event, Ended | Linked):
                    self._ended = event

    async def _stored(self, device: LinkedDevice, protocol: LinkingProtocol) -> None:
        try:
            await asyncio.to_thread(self._store, device)
        except Exception:  # noqa: BLE001 - whatever it was: the phone must be told that it isn't linked
            protocol.not_stored()
        else:
            protocol.stored(time.monotonic())


async def _leave(writer: asyncio.StreamWriter, websocket: WebSocket) -> None:
    """Say that it is over, and wait for no answer to that: the library is about to log in."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(CLOSING_S):
            websocket.close()
            writer.write(websocket.bytes_to_send())
            await writer.drain()
    writer.transport.abort()
    # The loop ends next: the transport still has to close its socket.
    await asyncio.sleep(0)


def _send(writer: asyncio.StreamWriter, protocol: LinkingProtocol, websocket: WebSocket) -> None:
    """Send without waiting for a server to read it: its silence must keep neither deadlines nor the owner away."""
    if websocket.is_open:
        for message in protocol.messages_to_send():
            websocket.send(message)
    with suppress(OSError):
        # The listener reports a broken connection, too.
        writer.write(websocket.bytes_to_send())


async def _dialled(proxy: str | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a TLS connection to WhatsApp."""
    context = ssl.create_default_context()
    if proxy is None and not proxy_bypass(HOST):
        proxy = getproxies().get("https")
    if proxy is None:
        return await asyncio.open_connection(HOST, PORT, ssl=context)
    parts = urlsplit(proxy)
    if parts.scheme != "http" or parts.hostname is None:
        raise Unreachable("proxy_scheme")
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        writer.write(_request(parts.username, parts.password))
        await _granted(reader)
        await writer.start_tls(context, server_hostname=HOST)
    except BaseException:
        writer.close()
        raise
    return reader, writer


async def _granted(reader: asyncio.StreamReader) -> None:
    answer = await reader.readuntil(b"\r\n\r\n")
    if answer.split(b" ", 2)[1:2] != [b"200"]:
        raise Unreachable("proxy_refused")


def _request(name: str | None, password: str | None) -> bytes:
    lines = [f"CONNECT {HOST}:{PORT} HTTP/1.1", f"Host: {HOST}:{PORT}", "User-Agent: Go-http-client/1.1"]
    if name is not None:
        word = base64.b64encode(f"{unquote(name)}:{unquote(password or '')}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {word}")
    return "\r\n".join((*lines, "", "")).encode()
