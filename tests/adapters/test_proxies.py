"""The dialer against real proxies on this machine, as far as that is what is tested; else it is refused first."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from chalicelib.adapters.proxies import ProxyDialer
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.services.ports.control import ProxyFailed
from tests.proxies import OwnersProxy, an_echo, running

LOCAL = ProxyDialer(local=True)
PLAIN = (ProxyType.HTTP, ProxyType.SOCKS5)
SECRET = "a word of the owner's"


def at(proxy: OwnersProxy, *, host: str = "127.0.0.1", **shown: str) -> Proxy:
    return Proxy(proxy.type, host, proxy.port, **shown)


def says_back(connection: socket.socket) -> bool:
    with connection:
        connection.sendall(b"kopi")
        return connection.recv(4) == b"KOPI"


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_connection_through_a_proxy_is_like_one_without(kind: ProxyType, host: str) -> None:
    with an_echo() as port, running(OwnersProxy(kind)) as proxy:
        connection = LOCAL.dial(at(proxy), host, port, seconds=5)
        assert connection.gettimeout() == 5
        assert says_back(connection)
    assert proxy.asked == [f"{host}:{port}"]


def test_a_proxy_in_tls_must_have_its_name_s_certificate(
    authority: tuple[Path, Callable[[str], ssl.SSLContext]],
) -> None:
    root, serving = authority
    dialer = ProxyDialer(local=True, trust=lambda: ssl.create_default_context(cafile=root))
    with an_echo() as port, running(OwnersProxy(ProxyType.HTTPS, tls=serving("localhost"))) as proxy:
        assert says_back(dialer.dial(at(proxy, host="localhost"), "127.0.0.1", port, seconds=5))
        for knowing, host in ((dialer, "127.0.0.1"), (LOCAL, "localhost")):
            with pytest.raises(ProxyFailed, match="certificate isn't good"):
                knowing.dial(at(proxy, host=host), "127.0.0.1", port, seconds=5)


@pytest.mark.parametrize("kind", PLAIN)
def test_credentials_are_shown_and_must_be_right(kind: ProxyType) -> None:
    with an_echo() as port, running(OwnersProxy(kind, credentials=("ana", SECRET))) as proxy:
        assert says_back(LOCAL.dial(at(proxy, username="ana", password=SECRET), "127.0.0.1", port, seconds=5))
        for shown in ({}, {"username": "ana"}, {"username": "ana", "password": "another"}):
            with pytest.raises(ProxyFailed, match="refuses the credentials") as refused:
                LOCAL.dial(at(proxy, **shown), "127.0.0.1", port, seconds=5)
            assert "another" not in str(refused.value)


def test_credentials_are_in_no_repr() -> None:
    assert SECRET not in repr(Proxy(ProxyType.HTTP, "proxy.example", 8080, "ana of the shop", SECRET))
    assert "ana of the shop" not in repr(Proxy(ProxyType.HTTP, "proxy.example", 8080, "ana of the shop", SECRET))


@pytest.mark.parametrize(
    ("kind", "refuses", "said"),
    [
        (ProxyType.HTTP, 403, "with status 403"),
        (ProxyType.HTTP, 502, "with status 502"),
        (ProxyType.SOCKS5, 2, "by its rules"),
        (ProxyType.SOCKS5, 4, "the host is unreachable"),
        (ProxyType.SOCKS5, 9, "says no more"),
    ],
)
def test_a_refusal_says_what_the_proxy_said(kind: ProxyType, refuses: int, said: str) -> None:
    with running(OwnersProxy(kind, refuses=refuses)) as proxy, pytest.raises(ProxyFailed, match=said):
        LOCAL.dial(at(proxy), "127.0.0.1", 80, seconds=5)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "::1"])
def test_a_proxy_on_the_inside_is_never_connected_to_in_the_cloud(host: str) -> None:
    with running(OwnersProxy(ProxyType.HTTP)) as proxy, pytest.raises(ProxyFailed, match="isn't public"):
        ProxyDialer(local=False).dial(at(proxy, host=host), "web.whatsapp.com", 443, seconds=5)
    assert proxy.asked == []


def test_a_name_that_leads_inside_is_found_out_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("192.0.43.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for _ in range(2):
        with pytest.raises(ProxyFailed, match="isn't public"):
            ProxyDialer(local=False).dial(
                Proxy(ProxyType.HTTP, "rebinding.example", 8080), "web.whatsapp.com", 443, seconds=5
            )
    assert asked == ["rebinding.example"] * 2


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (ProxyType.HTTP, b"SSH-2.0-OpenSSH\r\n\r\n\r\n"),
        (ProxyType.HTTP, b"x" * 20_000),
        (ProxyType.HTTP, b""),
        (ProxyType.SOCKS5, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        (ProxyType.SOCKS5, b"\x05"),
    ],
)
def test_what_is_no_proxy_is_told_from_one(kind: ProxyType, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(64)
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1024)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(ProxyFailed):
            LOCAL.dial(Proxy(kind, "127.0.0.1", listener.getsockname()[1]), "web.whatsapp.com", 443, seconds=5)
        thread.join(5)


@pytest.mark.parametrize("kind", PLAIN)
def test_a_proxy_that_says_nothing_or_next_to_nothing_is_waited_for_no_longer_than_said(kind: ProxyType) -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                while not done.wait(0.2):
                    connection.sendall(b"H" if kind is ProxyType.HTTP else b"")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        begun = time.monotonic()
        with pytest.raises(ProxyFailed, match="doesn't answer"):
            LOCAL.dial(Proxy(kind, "127.0.0.1", listener.getsockname()[1]), "web.whatsapp.com", 443, seconds=0.7)
        assert time.monotonic() - begun < 5
        done.set()
        thread.join(5)


def test_a_proxy_that_is_not_there_is_said_to_be_out_of_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ProxyFailed, match="can't be reached"):
        LOCAL.dial(Proxy(ProxyType.HTTP, "127.0.0.1", port), "web.whatsapp.com", 443, seconds=5)
