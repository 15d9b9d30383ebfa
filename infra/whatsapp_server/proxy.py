"""The CONNECT proxy in front of the server: lets a client through to WhatsApp's hosts, which are us, nowhere else."""

import asyncio
from collections import Counter

WHATSAPP_PORT = 443
_HEAD_LIMIT = 16 * 1024  # bytes of a request's head
_HEAD_SECONDS = 10
_CHUNK = 64 * 1024


def belongs_to_whatsapp(host: str) -> bool:
    """Whether `host` is one that the loopback server stands in for."""
    return host == "web.whatsapp.com" or host.endswith(".whatsapp.net")


class ConnectProxy:
    """Listens on 127.0.0.1; pipes CONNECTs for WhatsApp's hosts to a local port, refuses and counts the rest."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._piping: set[asyncio.Task[None]] = set()
        self._target_port = 0

    async def start(self, target_port: int) -> None:
        """Listen on a free port; what is let through goes to `target_port` of 127.0.0.1."""
        self._target_port = target_port
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=_HEAD_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and every pipe."""
        if self._server:
            self._server.close()
        for task in tuple(self._piping):
            task.cancel()
        await asyncio.gather(*self._piping, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._piping.add(task)
        task.add_done_callback(self._piping.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            if self._admits(head):
                await self._pipe(reader, writer)
            else:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a client that went away, or that isn't one
        finally:
            writer.close()

    def _admits(self, head: bytes) -> bool:
        method, target = _asked(head)
        host, _, port = target.rpartition(":") if method == "CONNECT" else (target, "", "")
        name = host if port == str(WHATSAPP_PORT) else target
        self.asked[name] += 1
        if method == "CONNECT" and name == host and belongs_to_whatsapp(host):
            return True
        self.refused[name] += 1
        return False

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            # Either direction's end is the connection's end: TLS has no use for a half-open one.
            halves = {
                asyncio.create_task(_copy(reader, inner_writer)),
                asyncio.create_task(_copy(inner_reader, writer)),
            }
            try:
                await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for half in halves:
                    half.cancel()
                await asyncio.gather(*halves, return_exceptions=True)
        finally:
            inner_writer.close()


def _asked(head: bytes) -> tuple[str, str]:
    """Method and target of a request's head; the host of an absolute URL."""
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    method, target = (words[0].upper(), words[1].lower()) if len(words) == 3 else ("", "")
    return method, target.split("//", 1)[-1].split("/", 1)[0]


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
