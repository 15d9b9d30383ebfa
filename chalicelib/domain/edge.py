"""The edge: which path goes to REST and which to the WebSocket API, and in which dialect.

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
PROOF_HEADER: Final = "X-Switchboard-Edge"
"""What only the edge and the functions know: with it, a request came through the edge and not around it."""

CATCH_ALL: Final = "/{proxy+}"
"""The REST API's resource for what no other takes: unknown paths, and methods that a known path doesn't have."""

SOCKETIO_PATH: Final = "/socket.io"
"""Where Socket.IO clients come, with a slash behind it that API Gateway's REST APIs don't take."""
SOCKETIO_TRANSPORT: Final = ("transport", "websocket")
"""The query parameter that leads one to the WebSocket API; any other value, or none, is REST's."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where a request goes, the query parameters that the edge sets on the way there, and the path if it changes."""

    api: Literal["rest", "websocket"]
    parameters: Mapping[str, str]
    path: str | None = None


REST: Final = Door("rest", {})

WebSocketPaths = tuple[tuple[str, str], ...]
"""Path templates of plain WebSockets, each with its dialect's name; ``{id}`` is the session's id, percent-encoded."""


def door(path: str, query: Mapping[str, str], websockets: WebSocketPaths) -> Door:
    """Return the door that ``path`` (percent-encoded as it came) leads to; everything unlisted is REST.

    One slash at the end changes nothing.
    """
    if path.removesuffix("/") == SOCKETIO_PATH:
        name, value = SOCKETIO_TRANSPORT
        if query.get(name) == value:
            return Door("websocket", {DIALECT_PARAMETER: SOCKETIO})
        return Door("rest", {}, SOCKETIO_PATH)
    for template, dialect in websockets:
        found = re.fullmatch(template.replace("{id}", "(?P<id>[^/]+)") + "/?", path)
        if found:
            return Door("websocket", {DIALECT_PARAMETER: dialect, SESSION_PARAMETER: found["id"]})
    if path.endswith("/") and path != "/":
        return Door("rest", {}, path.removesuffix("/"))
    return REST


def strip(query: Mapping[str, str]) -> dict[str, str]:
    """Return ``query`` without the parameters that only the edge may set."""
    return {name: value for name, value in query.items() if name not in RESERVED_PARAMETERS}
