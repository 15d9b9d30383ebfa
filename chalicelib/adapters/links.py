"""Files at addresses that callers name: fetched under the rules of webhook addresses, each redirect anew.

What comes is streamed and counted as it comes, and the clock runs for all of it. No proxy is asked, no cookie or name
is sent, and nothing of the answer is used but its bytes and its type.
"""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import BinaryIO, Final
from urllib.parse import urljoin

from msgspec import Struct

from chalicelib.adapters.clients import Deadline
from chalicelib.adapters.poster import AddressRefused, Endpoint, NotAnEndpoint, admitted, connected, endpoint, resolved
from chalicelib.services.ports.media import LinkFailed, LinkRefused, LinkTooLarge, LinkUnavailable

TIMEOUT: Final = 120.0
"""Seconds that a file may take, with all redirects."""
REDIRECTS: Final = 3
LONGEST: Final = 2_048
"""Characters of an address."""
CHUNK: Final = 64 * 1024
USER_AGENT: Final = "Switchboard-Media/1"
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_OVERLOADED: Final = frozenset({408, 425, 429})
"""Statuses of servers that may well answer later; so may those of 500 and more."""


@dataclass(slots=True)
class HttpLinks:
    """The Links port. ``local`` allows plain http and this machine; ``trust`` makes the certificates' judge, once."""

    local: bool
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
    timeout: float = TIMEOUT
    _judge: ssl.SSLContext | None = field(default=None, init=False)

    def fetch(self, url: str, into: BinaryIO, *, largest: int, seconds: float | None = None) -> str | None:
        """Follow the link, and write what lies at its end."""
        ends = time.monotonic() + (seconds or self.timeout)
        for _ in range(REDIRECTS + 1):
            deadline = Deadline(max(0.001, ends - time.monotonic()))
            try:
                found = self._visited(url, deadline, into, largest)
            except (NotAnEndpoint, AddressRefused) as error:
                sentence = str(error) or "It leads to an address that isn't public."
                raise LinkRefused(sentence) from None
            except (OSError, HTTPException, ValueError) as error:
                raise _failure(error, late=deadline.passed) from None
            if found.moved is None:
                return found.mimetype
            # Of more there is nothing good to come, and the address is nobody's to see.
            url = urljoin(url, found.moved)[: LONGEST + 1]
        raise LinkFailed(f"It redirects more than {REDIRECTS} times.")

    def _visited(self, url: str, deadline: Deadline, into: BinaryIO, largest: int) -> "_Found":
        if len(url) > LONGEST:
            raise NotAnEndpoint(f"It is longer than {LONGEST} characters.")
        to = endpoint(url, local=self.local)
        addresses = admitted(resolved(to.host, to.port), local=self.local)
        with deadline, closing(HTTPConnection(to.host, to.port)) as http:
            http.sock = connected(to, addresses, deadline, self._judges)
            found = _got(http, to, into, largest)
            # A connection that the deadline shut looks like one whose server has said all.
            if deadline.passed:
                raise TimeoutError
            return found

    def _judges(self) -> ssl.SSLContext:
        if self._judge is None:
            self._judge = self.trust()
        return self._judge


def _failure(error: Exception, *, late: bool) -> LinkFailed:
    """Return what an error on the way to a file means: a wrong name, certificate or protocol stays wrong."""
    if late or isinstance(error, TimeoutError):
        return LinkUnavailable("Its server took too long.")
    nameless = isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
    for_good = nameless or isinstance(error, ssl.SSLCertVerificationError)
    passes = isinstance(error, OSError | IncompleteRead) and not for_good
    return (LinkUnavailable if passes else LinkFailed)("Its server couldn't be reached.")


class _Found(Struct, frozen=True):
    """Where an answer leads on to, or the type of the file that it was."""

    moved: str | None = None
    mimetype: str | None = None


def _got(http: HTTPConnection, to: Endpoint, into: BinaryIO, largest: int) -> _Found:
    headers = {"Host": to.authority, "User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
    http.request("GET", to.target, headers={**headers, "Connection": "close"})
    with http.getresponse() as answer:
        moved = answer.getheader("Location")
        if answer.status in _MOVED and moved:
            return _Found(moved=moved)
        if answer.status != 200:
            passes = answer.status in _OVERLOADED or answer.status >= 500
            raise (LinkUnavailable if passes else LinkFailed)(f"Its server answered with status {answer.status}.")
        if answer.getheader("Content-Encoding", "identity").strip().lower() != "identity":
            raise LinkFailed("Its server answered in a coding that it wasn't asked for.")
        _copied(answer, into, largest)
        return _Found(mimetype=answer.getheader("Content-Type"))


def _copied(answer: HTTPResponse, into: BinaryIO, largest: int) -> None:
    announced, left = answer.length, largest
    if announced is not None and announced > largest:
        raise LinkTooLarge
    while piece := answer.read(CHUNK):
        left -= len(piece)
        if left < 0:
            raise LinkTooLarge
        into.write(piece)
    # http.client takes a connection that breaks off for the file's end.
    if announced is not None and largest - left != announced:
        raise LinkUnavailable("Its server broke off.")
