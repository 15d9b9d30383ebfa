"""The tunnel that the client library connects through, over real sockets."""

import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.adapters.proxies import ProxyDialer
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.worker.log import Log
from chalicelib.worker.session.tunnel import Tunnel
from tests.adapters.conftest import authority
from tests.proxies import OwnersProxy, an_echo, running

__all__ = ["authority"]

LOCAL = ProxyDialer(local=True)


@contextmanager
def a_tunnel(proxy: OwnersProxy, dialer: ProxyDialer = LOCAL, **shown: str) -> Iterator[Tunnel]:
    tunnel = Tunnel(Proxy(proxy.type, "localhost", proxy.port, **shown), dialer, Log())
    yield tunnel
    tunnel.close()


def ask(tunnel: Tunnel, port: int, *, word: str | None = None, method: str = "CONNECT") -> tuple[bytes, socket.socket]:
    """Ask as the library does; return the first line of the answer, and the connection."""
    url = urlsplit(tunnel.url)
    shown = b64encode(f"{url.username}:{word or url.password}".encode()).decode()
    connection = socket.create_connection((url.hostname or "", url.port or 0), 5)
    connection.sendall(f"{method} 127.0.0.1:{port} HTTP/1.1\r\nProxy-Authorization: Basic {shown}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        assert piece
        head += piece
    return head.split(b"\r\n")[0], connection


@pytest.mark.parametrize("kind", [ProxyType.HTTP, ProxyType.SOCKS5])
def test_what_is_said_goes_there_and_back(kind: ProxyType) -> None:
    with an_echo() as port, running(OwnersProxy(kind)) as proxy, a_tunnel(proxy) as tunnel:
        answer, connection = ask(tunnel, port)
        with connection:
            assert answer.split()[1] == b"200"
            connection.sendall(b"kopi")
            assert connection.recv(4) == b"KOPI"
        assert not tunnel.failed


def test_much_goes_both_ways_at_once_also_over_tls(
    authority: tuple[Path, Callable[[str], ssl.SSLContext]],
) -> None:
    root, serving = authority
    dialer = ProxyDialer(local=True, trust=lambda: ssl.create_default_context(cafile=root))
    much = b"kopi" * 500_000
    secured = running(OwnersProxy(ProxyType.HTTPS, tls=serving("localhost")))
    with an_echo() as port, secured as proxy, a_tunnel(proxy, dialer) as tunnel:
        _, connection = ask(tunnel, port)
        with connection:
            heard = bytearray()
            for start in range(0, len(much), 100_000):
                connection.sendall(much[start : start + 100_000])
                while len(heard) < start + 50_000:
                    heard += connection.recv(100_000)
            while len(heard) < len(much):
                heard += connection.recv(100_000)
    assert bytes(heard) == much.upper()


@pytest.mark.parametrize("wrong", [{"word": "another"}, {"method": "GET"}])
def test_nobody_else_on_the_machine_gets_through(wrong: dict[str, Any]) -> None:
    with an_echo() as port, running(OwnersProxy(ProxyType.HTTP)) as proxy, a_tunnel(proxy) as tunnel:
        answer, connection = ask(tunnel, port, **wrong)
        connection.close()
    assert answer.split()[1] == b"407"
    assert proxy.asked == []


def test_a_proxy_that_refuses_is_said_to_and_is_noted_without_its_credentials(
    capfd: pytest.CaptureFixture[str],
) -> None:
    shown: Any = {"username": "ana-of-the-shop", "password": "wrong-word"}
    with (
        running(OwnersProxy(ProxyType.HTTP, credentials=("ana", "right"))) as proxy,
        a_tunnel(proxy, **shown) as tunnel,
    ):
        answer, connection = ask(tunnel, 443)
        connection.close()
        assert answer.split()[1] == b"502"
        assert tunnel.failed
    said = "".join(capfd.readouterr())
    assert "ana-of-the-shop" not in said
    assert "wrong-word" not in said
