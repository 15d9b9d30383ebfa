"""How moto's server reads: what it is asked all the time at a glance, on a connection that stays; all else as werkzeug.

werkzeug parses a request like an e-mail, starts a thread for it and closes its connection.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from moto.moto_server.werkzeug_app import MotoRequestHandler

from infra.local.moto_direct import Answer, Call
from infra.local.sqs import asked_over

GLANCE: Final = 65536
"""Bytes looked at: a request's head is much shorter."""
UNUSUAL: Final = frozenset({"origin", "expect", "transfer-encoding", "content-encoding"})
"""Headers of requests that are werkzeug's: AWS clients don't send them to the services that are asked all the time."""


class GlancingHandler(MotoRequestHandler):
    """Serves one connection; the server's ``direct`` answers calls, its ``connections`` knows who is connected."""

    def handle(self) -> None:
        """Answer calls until there is something else, and leave that to werkzeug."""
        direct: Callable[[Call], Answer] = self.server.direct  # type: ignore[attr-defined]
        connections: set[socket.socket] = self.server.connections  # type: ignore[attr-defined]
        connections.add(self.connection)
        try:
            with suppress(ConnectionError):
                while (call := _next(self.connection)) is not None:
                    with asked_over(self.connection):
                        answer = direct(call)
                    self.connection.sendall(_written(answer))
                super().handle()
        finally:
            connections.discard(self.connection)


def _next(connection: socket.socket) -> Call | None:
    """Take the next call off the connection, or return None and take nothing if it begins otherwise."""
    head, complete, _ = connection.recv(GLANCE, socket.MSG_PEEK).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not (complete and first.startswith("POST /") and first.endswith(" HTTP/1.1")):
        return None
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    path = first.split(" ")[1]
    if headers.keys() & UNUSUAL or not Call(path, headers, b"").direct:
        return None
    start, length = len(head) + len(complete), int(headers.get("content-length", 0))
    # A client that ends while it sends gets no answer.
    whole = connection.recv(start + length, socket.MSG_WAITALL)
    return Call(path, headers, whole[start:]) if len(whole) == start + length else None


def _written(answer: Answer) -> bytes:
    status = HTTPStatus(answer.status)
    headers: dict[str, Any] = {**answer.headers, "content-length": len(answer.body)}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body
