"""The way of the client library's connections through the session's proxy: a CONNECT proxy on this machine.

The library is told this one, whatever kind the session's is: so the session's proxy is resolved and checked anew at
each connection, and its credentials never come near the library and its log. Whoever asks here must show a word that
only the library was told: else anybody on the machine could go through the session's proxy.
"""

import hmac
import secrets
import selectors
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from threading import Thread
from typing import Final

from chalicelib.domain.proxy import Proxy
from chalicelib.services.ports.control import Dialer, ProxyFailed
from chalicelib.worker.log import Log

DIALING_TAKES: Final = 20.0
"""Seconds for the proxy to connect to WhatsApp."""
ASKING_TAKES: Final = 10.0
"""Seconds for the library to say where it wants to."""
STALLED: Final = 60.0
"""Seconds after which somebody who takes no more bytes is gone."""
LONGEST_HEAD: Final = 16 * 1024
_CHUNK: Final = 64 * 1024
_NAME: Final = "switchboard"


class Tunnel:
    """Listens on a port of its own from the start on. ``failed`` says that the proxy has last come to nothing."""

    def __init__(self, proxy: Proxy, dialer: Dialer, log: Log) -> None:
        self._proxy = proxy
        self._dialer = dialer
        self._log = log
        self._word = secrets.token_urlsafe(24)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.failed = False
        Thread(target=self._accept, name="tunnel", daemon=True).start()

    @property
    def url(self) -> str:
        """What to tell the library: a secret."""
        return f"http://{_NAME}:{self._word}@127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Take no more connections; those that are there go on."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                Thread(target=self._serve, args=(connection,), name="tunnel", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection:
            connection.settimeout(ASKING_TAKES)
            target = self._asked(connection)
            if target is None:
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            try:
                beyond = self._dialer.dial(self._proxy, *target, seconds=DIALING_TAKES)
            except ProxyFailed as failure:
                self.failed = True
                self._log.warning("proxy_failed", why=str(failure))
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            self.failed = False
            with beyond:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _relay(connection, beyond)

    def _asked(self, connection: socket.socket) -> tuple[str, int] | None:
        """Return the host and port of a CONNECT that shows the word; None for anything else."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(_CHUNK)
            head += piece
            if not piece or len(head) > LONGEST_HEAD:
                return None
        first, *fields = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        shown = next((one.partition(":")[2].strip() for one in fields if one.lower().startswith("proxy-auth")), "")
        wanted = "Basic " + b64encode(f"{_NAME}:{self._word}".encode()).decode()
        method, _, target = first.partition(" ")
        if method != "CONNECT" or not hmac.compare_digest(shown.encode(), wanted.encode()):
            return None
        host, _, port = target.partition(" ")[0].rpartition(":")
        return host.strip("[]"), int(port)


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until either side ends; on one thread, since TLS's sockets are for one at a time."""
    ways = {one: other, other: one}
    with selectors.DefaultSelector() as ready:
        for end in ways:
            end.setblocking(False)
            ready.register(end, selectors.EVENT_READ)
        while True:
            # The selector doesn't see bytes that TLS has decrypted already.
            held = any(isinstance(end, ssl.SSLSocket) and end.pending() for end in ways)
            came = {key.fileobj for key, _ in ready.select(0 if held else None)}
            for end, opposite in ways.items():
                if end in came or (held and isinstance(end, ssl.SSLSocket)):
                    piece = _received(end)
                    if piece == b"":
                        return
                    if piece:
                        _send(opposite, piece)


def _received(end: socket.socket) -> bytes | None:
    """Return what came, nothing at the end, None if it isn't a whole piece of TLS yet."""
    try:
        return end.recv(_CHUNK)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None


def _send(end: socket.socket, piece: bytes) -> None:
    left = memoryview(piece)
    with selectors.DefaultSelector() as ready:
        ready.register(end, selectors.EVENT_WRITE)
        while left:
            try:
                left = left[end.send(left) :]
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                if not ready.select(STALLED):
                    raise TimeoutError from None
