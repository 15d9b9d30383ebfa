"""HTTP to webhook endpoints, whose addresses callers choose: each is checked before a byte is sent.

A name is resolved once, every address that it has is checked, and the connection is made to a checked one, so a name
that changes in between leads nowhere else. Redirects are answers, not followed. Nothing of an answer but its status
and Retry-After is used, its body isn't even read.
"""

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import quote, urlsplit

from msgspec import Struct

from chalicelib.adapters.clients import Deadline
from chalicelib.domain.addresses import is_loopback, is_public, is_public_host
from chalicelib.domain.webhook import Outcome

_PATH = "/%:@!$&'()*+,;=~"
_QUERY = _PATH + "?[]"


class NotAnEndpoint(ValueError):
    """An address that can't be a webhook's. The error's text is a sentence, which doesn't repeat the address."""


class Endpoint(Struct, frozen=True):
    """An endpoint's address: ``host`` in ASCII (a name, or an address without brackets), ``target`` the path."""

    secure: bool
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def endpoint(url: str, *, local: bool) -> Endpoint:
    """Return the parts of a public https address; ``local`` allows plain http, and names of the inner network too.

    Nothing is resolved here: names are resolved at each attempt. Raises NotAnEndpoint.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as error:
        raise NotAnEndpoint("It isn't a web address.") from error
    if parts.scheme not in ({"https", "http"} if local else {"https"}):
        raise NotAnEndpoint("It must be an https address.")
    if "@" in parts.netloc:
        raise NotAnEndpoint("It can't hold a user name or password.")
    if not host or port == 0 or not (local or is_public_host(host)):
        raise NotAnEndpoint("Its host must be a full public name or address.")
    target = quote(parts.path or "/", safe=_PATH) + (f"?{quote(parts.query, safe=_QUERY)}" if parts.query else "")
    secure = parts.scheme == "https"
    return Endpoint(secure, host, port or (443 if secure else 80), target)


TIMEOUT: Final = 10.0
"""Seconds that an attempt may take."""
CONNECT_TIMEOUT: Final = 3.0
"""Seconds for a connection to one of a name's addresses: the next one may answer."""
USER_AGENT: Final = "Switchboard-Webhooks/1"


class AddressRefused(Exception):
    """A name resolves, wholly or in part, to addresses that no webhook may go to."""


@dataclass(slots=True)
class HttpPoster:
    """The Poster port. ``local`` allows plain http and this machine; ``trust`` makes the certificates' judge, once."""

    local: bool
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
    timeout: float = TIMEOUT
    _judge: ssl.SSLContext | None = field(default=None, init=False)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Post the body, and return the outcome; raises nothing."""
        deadline = Deadline(self.timeout)
        try:
            to = endpoint(url, local=self.local)
            addresses = admitted(resolved(to.host, to.port), local=self.local)
            with deadline:
                return _exchange(to, connected(to, addresses, deadline, self._judges), body, headers)
        except (NotAnEndpoint, AddressRefused, OSError, HTTPException, ValueError) as error:
            return Outcome(trouble="timeout" if deadline.passed else _trouble(error))

    def _judges(self) -> ssl.SSLContext:
        if self._judge is None:
            self._judge = self.trust()
        return self._judge


def connected(
    to: Endpoint, addresses: Sequence[str], deadline: Deadline, trust: Callable[[], ssl.SSLContext]
) -> socket.socket:
    """Return a connection to one of the ``addresses`` of ``to``, in TLS if it is to be; ``deadline`` watches it.

    Raises OSError.
    """
    plain = deadline.watch(_reached(addresses, to.port, deadline))
    if not to.secure:
        return plain
    # The certificate must be the name's, though the connection is made to an address.
    wrapped = trust().wrap_socket(plain, server_hostname=to.host, do_handshake_on_connect=False)
    secure = deadline.watch(wrapped)
    secure.do_handshake()
    return secure


def admitted(addresses: Sequence[str], *, local: bool) -> Sequence[str]:
    """Return ``addresses`` if a webhook may go to each of them; raises AddressRefused."""
    if not addresses or not all(is_public(one) or (local and is_loopback(one)) for one in addresses):
        raise AddressRefused
    return addresses


def retry_after(value: str | None, *, now: float) -> int | None:
    """Return a Retry-After header, in seconds or as a date, as whole seconds from ``now`` (seconds since the epoch)."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return int(value[:9])
    try:
        return max(0, round(parsedate_to_datetime(value).timestamp() - now))
    except (ValueError, OverflowError):
        return None


def resolved(host: str, port: int) -> Sequence[str]:
    """Return all addresses of a host; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _reached(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), min(CONNECT_TIMEOUT, deadline.left))
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), min(CONNECT_TIMEOUT, deadline.left))


def _exchange(to: Endpoint, connected: socket.socket, body: bytes, headers: Mapping[str, str]) -> Outcome:
    said = {"Content-Type": "application/json", "User-Agent": USER_AGENT, "Connection": "close", **headers}
    with closing(HTTPConnection(to.host, to.port)) as http:
        http.sock = connected
        http.request("POST", to.target, body, {"Host": to.authority, **said})
        with http.getresponse() as answer:
            return Outcome(answer.status, retry_after(answer.getheader("Retry-After"), now=time.time()))


def _trouble(error: Exception) -> str:
    match error:
        case NotAnEndpoint():
            return "not_an_endpoint"
        case AddressRefused():
            return "address_refused"
        case socket.gaierror():
            return "not_resolved"
        case TimeoutError():
            return "timeout"
        case ssl.SSLError():
            return "tls"
        # A peer that hangs up without an answer is both to http.client.
        case HTTPException() if not isinstance(error, OSError):
            return "no_http"
        case _:
            return "connection"
