"""The families that the routes come in, and the WebSockets beside them."""

import re
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.api.router import Route, Router
from chalicelib.domain.edge import SOCKETIO_PATH, WEBSOCKET_PATHS


@dataclass(frozen=True, slots=True)
class Tag:
    """A family of routes."""

    name: str
    about: str


ENVELOPE: Final = Tag("Envelope", "Routes under `/api`: every answer is `{success, message?, data?}`.")
BARE: Final = Tag("Bare", "Routes under `/sessions`: bare JSON in camelCase; a create waits for the QR code.")
SOCKETIO: Final = Tag("Socket.IO", "Start a session by a call, and hear of its QR codes and statuses by Socket.IO.")
LETSBOT: Final = Tag("LetsBot", "Routes under `/api/v1`: the API key says which session is meant.")
COMPANY: Final = Tag("Companies", "Routes under `/whatsapp/companies`: a company is a tenant, and has one session.")
ACCOUNTS: Final = Tag("Accounts", "Users, their passwords and API keys, and the tenants that they belong to.")
GATEWAY: Final = Tag("Gateway", "About the gateway itself.")
ALL: Final = (ENVELOPE, BARE, SOCKETIO, LETSBOT, COMPANY, ACCOUNTS, GATEWAY)

_BY_PATH: Final = (
    (re.compile(r"/api/(auth|admin)/"), ACCOUNTS),
    (re.compile(r"/api/v1/"), LETSBOT),
    (re.compile(r"/whatsapp/"), COMPANY),
    (re.compile(r"/(sessions|status)\b"), BARE),
    (re.compile(r"/socket\.io|/api/sessions/\{id\}/initialize-with-qr"), SOCKETIO),
    (re.compile(r"/api/(?!health)"), ENVELOPE),
)

WEBSOCKETS: Final[list[dict[str, Any]]] = [
    {
        "path": path,
        "dialect": dialect,
        "description": "Frames of JSON, `{type, …}`, about one session, from the moment one connects: its code, its "
        "status, its messages. Give a token as `?token=`, or as `Authorization: Bearer …`; an API key is refused here.",
    }
    for path, dialect in WEBSOCKET_PATHS
] + [
    {
        "path": f"{SOCKETIO_PATH}/?transport=websocket",
        "dialect": "socketio",
        "description": "Socket.IO 4, also as the upgrade of a polling client: `join-session` with a session's id, then "
        "`qr-code`, `status-update` and `session-complete`.",
    }
]


def of(router: Router, route: Route) -> Tag:
    """Return the route's family."""
    if "socketio" in router.name:
        return SOCKETIO
    return next((tag for pattern, tag in _BY_PATH if pattern.match(route.path)), GATEWAY)
