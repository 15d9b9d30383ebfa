"""A proxy of a session's owner: CONNECT, in TLS if it is to be, or SOCKS 5, with credentials if they are asked for."""

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from chalicelib.domain.proxy import ProxyType

Reach = Callable[[str, int], socket.socket]


def directly(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), 5)


@dataclass
class OwnersProxy:
    """``asked`` is what it was to connect to, each as ``host:port``."""

    type: ProxyType
    credentials: tuple[str, str] | None = None
    reach: Reach = directly
    tls: ssl.SSLContext | None = None
    port: int = 0
    asked: list[str] = field(default_factory=list)
    refuses: int = 0
    """An HTTP status, or a reply of SOCKS, to refuse everything with."""

    def serve(self, accepted: socket.socket) -> None:
        with suppress(OSError), self._secured(accepted) as connection:
            target = self._socks(connection) if self.type is ProxyType.SOCKS5 else self._connect(connection)
            if target is None:
                return
            with self.reach(*target) as beyond:
                self._agree(connection)
                away = threading.Thread(target=_pipe, args=(connection, beyond), daemon=True)
                away.start()
                _pipe(beyond, connection)
                away.join(5)

    def _secured(self, connection: socket.socket) -> socket.socket:
        try:
            return self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
        except OSError:
            connection.close()
            raise

    def _connect(self, connection: socket.socket) -> tuple[str, int] | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = connection.recv(1)
            if not piece:
                return None
            head += piece
        lines = head.decode().split("\r\n")
        method, target, _ = lines[0].split(" ")
        assert method == "CONNECT"
        self.asked.append(target)
        wanted = self.credentials and "Basic " + b64encode(":".join(self.credentials).encode()).decode()
        if wanted and f"Proxy-Authorization: {wanted}" not in lines:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return None
        if self.refuses:
            connection.sendall(f"HTTP/1.1 {self.refuses} No\r\nContent-Length: 0\r\n\r\n".encode())
            return None
        host, _, port = target.rpartition(":")
        return host.strip("[]"), int(port)

    def _socks(self, connection: socket.socket) -> tuple[str, int] | None:
        _, count = connection.recv(2)
        ways = connection.recv(count)
        wanted = 2 if self.credentials else 0
        connection.sendall(bytes([5, wanted if wanted in ways else 255]))
        if wanted not in ways:
            return None
        if self.credentials:
            _, length = connection.recv(2)
            name = connection.recv(length).decode()
            word = connection.recv(connection.recv(1)[0]).decode()
            good = (name, word) == self.credentials
            connection.sendall(bytes([1, 0 if good else 1]))
            if not good:
                return None
        _, _, _, kind = connection.recv(4)
        host = connection.recv(connection.recv(1)[0]).decode() if kind == 3 else socket.inet_ntoa(connection.recv(4))
        port = int.from_bytes(connection.recv(2), "big")
        self.asked.append(f"{host}:{port}")
        if self.refuses:
            connection.sendall(bytes([5, self.refuses, 0, 1, 0, 0, 0, 0, 0, 0]))
            return None
        return host, port

    def _agree(self, connection: socket.socket) -> None:
        if self.type is ProxyType.SOCKS5:
            connection.sendall(bytes([5, 0, 0, 3, 4]) + b"here" + bytes([0, 80]))
        else:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 owner\r\n\r\n")


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def running(proxy: OwnersProxy) -> Iterator[OwnersProxy]:
    """Have the proxy listen for the block, on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.port = listener.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=proxy.serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield proxy
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@contextmanager
def an_echo() -> Iterator[int]:
    """A server that says back what it hears, in capitals; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        while heard := connection.recv(1024):
                            connection.sendall(heard.upper())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
