"""The edge: which request goes to the REST API and which to the WebSocket API, and in which dialect.

API Gateway's WebSocket APIs have no paths, so whatever stands in front (CloudFront in the cloud, the local front)
turns a path into query parameters, by the dialects' WebSocket paths. ``$connect`` reads only those parameters, and
copies sent by a client never reach it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from chalicelib.domain.watchers import SOCKETIO

DIALECT_PARAMETER: Final = "sb_dialect"
SESSION_PARAMETER: Final = "sb_session"
RESERVED_PARAMETERS: Final = frozenset({DIALECT_PARAMETER, SESSION_PARAMETER})

VIEWER_HEADER: Final = "X-Switchboard-Viewer"
"""The caller's network address, as the edge saw it: true only beside the proof, since anybody can send a header."""
HOST_HEADER: Final = "X-Switchboard-Host"
"""The name that the caller called the gateway by, which origins don't see; it counts like the viewer's address."""
EDGE_ID_HEADER: Final = "X-Amz-Cf-Id"
"""CloudFront's own id of a request, which its answer has as well; beside the proof it is CloudFront's word."""
PROOF_HEADER: Final = "X-Switchboard-Edge"
"""What only the edge and the functions know: with it, a request came through the edge and not around it."""

HANDSHAKE_HEADER: Final = "Sec-WebSocket-Key"
"""The header that makes a request a WebSocket handshake: every handshake has one (RFC 6455, 4.1)."""

CATCH_ALL: Final = "/{proxy+}"
"""The REST API's resource for what no other takes: unknown paths, and methods that a known path doesn't have."""

SOCKETIO_PATH: Final = "/socket.io"
"""Where Socket.IO clients come, with a slash behind it that API Gateway's REST APIs don't take."""
SOCKETIO_TRANSPORT: Final = ("transport", "websocket")
"""The query parameter that leads one to the WebSocket API; any other value, or none, is REST's."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The API that a request goes to, the query parameters that the edge sets, and the path if the edge changes it."""

    api: Literal["rest", "websocket"]
    parameters: Mapping[str, str]
    path: str | None = None


REST: Final = Destination("rest", {})

WebSocketPaths = tuple[tuple[str, str], ...]
"""Path templates of plain WebSockets, each with its dialect's name; ``{id}`` is the session's id, percent-encoded."""


def destination(path: str, query: Mapping[str, str], websockets: WebSocketPaths, *, handshake: bool) -> Destination:
    """Return where a request for ``path`` (percent-encoded as it came) goes; everything unlisted is REST.

    So is a WebSocket's path without a ``handshake``: the WebSocket API would answer such a request in words of its own,
    while the REST API refuses it in its dialect's (``UpgradeRequired``). One slash at the end changes nothing.
    """
    if path.removesuffix("/") == SOCKETIO_PATH:
        name, value = SOCKETIO_TRANSPORT
        if handshake and query.get(name) == value:
            return Destination("websocket", {DIALECT_PARAMETER: SOCKETIO})
        return Destination("rest", {}, SOCKETIO_PATH)
    for template, dialect in websockets if handshake else ():
        found = re.fullmatch(template.replace("{id}", "(?P<id>[^/]+)") + "/?", path)
        if found:
            named = {SESSION_PARAMETER: found["id"]} if "{id}" in template else {}
            return Destination("websocket", {DIALECT_PARAMETER: dialect, **named})
    if path.endswith("/") and path != "/":
        return Destination("rest", {}, path.removesuffix("/"))
    return REST


def strip(query: Mapping[str, str]) -> dict[str, str]:
    """Return ``query`` without the parameters that only the edge may set."""
    return {name: value for name, value in query.items() if name not in RESERVED_PARAMETERS}


@dataclass(frozen=True, slots=True)
class WebSocketWay:
    """Where the WebSocket that an edge has at ``path`` is opened; both templates, ``{id}`` is a session's id."""

    path: str
    dialect: str
    address: str


def websocket_ways(gateway: str, sockets: str, websockets: WebSocketPaths) -> tuple[WebSocketWay, ...]:
    """Return where each WebSocket is opened, Socket.IO's last, for whoever does an edge's work by themselves.

    ``gateway`` is the address that was called. ``sockets`` is the WebSocket API's own, which takes the dialect and the
    session as parameters, or empty where an edge stands in front of both: there each is at its path.
    """
    ways = (*websockets, (SOCKETIO_PATH, SOCKETIO))
    if not sockets:
        at = re.sub("^http", "ws", gateway)
        return tuple(WebSocketWay(path, dialect, f"{at}{path}") for path, dialect in ways)

    def address(path: str, dialect: str) -> str:
        named = f"&{SESSION_PARAMETER}={{id}}" if "{id}" in path else ""
        return f"{sockets}?{DIALECT_PARAMETER}={dialect}{named}"

    return tuple(WebSocketWay(path, dialect, address(path, dialect)) for path, dialect in ways)
