"""Connections through sessions' proxies, which are strangers' addresses as webhook endpoints are.

A proxy's name is resolved at each connection, every address that it has is checked, and the connection is made to a
checked one. What lies behind the proxy is named to it and resolved by it: CONNECT (RFC 9110, 9.3.6), with Basic
credentials, or SOCKS 5 (RFC 1928) with a user name and a password (RFC 1929).
"""

import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from msgspec import Struct

from chalicelib.adapters.poster import AddressRefused, admitted
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.services.ports.control import ProxyFailed

CONNECT_TIMEOUT: Final = 5.0
"""Seconds for a connection to one of a name's addresses: the next one may answer."""
LONGEST_HEAD: Final = 16 * 1024
"""Bytes that the answer to a CONNECT may have."""


@dataclass(slots=True)
class ProxyDialer:
    """The Dialer port. ``local`` allows proxies on this machine; ``trust`` makes the certificates' judge, once."""

    local: bool
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
    _judge: ssl.SSLContext | None = field(default=None, init=False)

    def dial(self, proxy: Proxy, host: str, port: int, *, seconds: float) -> socket.socket:
        """Connect to the proxy, and have it connect to the host."""
        ends = time.monotonic() + seconds
        connection = self._connected(proxy, ends)
        try:
            asked = _Asked(connection, ends)
            if proxy.type is ProxyType.SOCKS5:
                _socks(asked, proxy, host, port)
            else:
                _connect(asked, proxy, host, port)
            connection.settimeout(seconds)
        except ProxyFailed:
            connection.close()
            raise
        except OSError as error:
            connection.close()
            raise ProxyFailed("The proxy doesn't answer.") from error
        return connection

    def _connected(self, proxy: Proxy, ends: float) -> socket.socket:
        try:
            found = socket.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
            addresses = admitted(list(dict.fromkeys(str(one[4][0]) for one in found)), local=self.local)
            plain = _reached(addresses, proxy.port, ends)
        except AddressRefused as error:
            raise ProxyFailed("The proxy's name leads to an address that isn't public.") from error
        except OSError as error:
            raise ProxyFailed("The proxy can't be reached.") from error
        if proxy.type is not ProxyType.HTTPS:
            return plain
        if self._judge is None:
            self._judge = self.trust()
        try:
            # The certificate must be the name's, though the connection is made to an address.
            return self._judge.wrap_socket(plain, server_hostname=proxy.host)
        except (OSError, ValueError) as error:
            plain.close()
            raise ProxyFailed("The proxy's certificate isn't good, or it speaks no TLS.") from error


def _reached(addresses: Sequence[str], port: int, ends: float) -> socket.socket:
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), min(CONNECT_TIMEOUT, _left(ends)))
    return socket.create_connection((addresses[-1], port), _left(ends))


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Asked(Struct, frozen=True):
    """A proxy's side of a connection until it is through: what is said and heard, until the time is up."""

    connection: socket.socket
    ends: float

    def say(self, text: bytes) -> None:
        self.connection.settimeout(_left(self.ends))
        self.connection.sendall(text)

    def hear(self, size: int) -> bytes:
        """Return the next ``size`` bytes, and read no more: those that follow are the host's. Raises ProxyFailed."""
        heard = b""
        while len(heard) < size:
            self.connection.settimeout(_left(self.ends))
            piece = self.connection.recv(size - len(heard))
            if not piece:
                raise ProxyFailed("The proxy hung up.")
            heard += piece
        return heard


def _connect(proxied: _Asked, proxy: Proxy, host: str, port: int) -> None:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.username is not None:
        shown = b64encode(f"{proxy.username}:{proxy.password or ''}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {shown}")
    proxied.say("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += proxied.hear(1)
        if len(head) > LONGEST_HEAD:
            raise ProxyFailed("The proxy's answer is no HTTP.")
    words = head.split(b"\r\n", 1)[0].split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise ProxyFailed("The proxy's answer is no HTTP.")
    status = int(words[1])
    if status == 407:
        raise ProxyFailed("The proxy refuses the credentials.")
    if not 200 <= status < 300:
        raise ProxyFailed(f"The proxy refuses to connect, with status {status}.")


_VERSION, _NO_LOGIN, _LOGIN, _CONNECT = 5, 0, 2, 1
_V4, _NAME, _V6 = 1, 3, 4
_SOCKS_REFUSALS: Final = {
    2: "by its rules",
    3: "since the network is unreachable",
    4: "since the host is unreachable",
    5: "since the host refuses the connection",
}


def _socks(proxied: _Asked, proxy: Proxy, host: str, port: int) -> None:
    ways = [_NO_LOGIN, _LOGIN] if proxy.username is not None else [_NO_LOGIN]
    proxied.say(bytes([_VERSION, len(ways), *ways]))
    version, way = proxied.hear(2)
    if version != _VERSION:
        raise ProxyFailed("The proxy's answer is no SOCKS 5.")
    if way not in ways:
        raise ProxyFailed("The proxy refuses the credentials.")
    if way == _LOGIN:
        name, word = (proxy.username or "").encode(), (proxy.password or "").encode()
        proxied.say(bytes([1, len(name)]) + name + bytes([len(word)]) + word)
        if proxied.hear(2)[1] != 0:
            raise ProxyFailed("The proxy refuses the credentials.")
    proxied.say(bytes([_VERSION, _CONNECT, 0]) + _address(host) + port.to_bytes(2, "big"))
    _, outcome, _, kind = proxied.hear(4)
    if outcome != 0:
        raise ProxyFailed(f"The proxy refuses to connect, {_SOCKS_REFUSALS.get(outcome, 'and says no more')}.")
    # The address that the proxy connects from, and its port.
    proxied.hear({_V4: 4, _V6: 16}.get(kind) or proxied.hear(1)[0])
    proxied.hear(2)


def _address(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        return bytes([_NAME, len(host)]) + host.encode()
    return bytes([_V4 if address.version == 4 else _V6]) + address.packed
