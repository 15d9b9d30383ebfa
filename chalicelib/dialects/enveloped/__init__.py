"""The enveloped API (``/api``): JSON in an envelope, plain WebSocket frames, and everybody's accounts."""

from typing import Final

from chalicelib.dialects.dialect import Dialect, Tag, WebSockets
from chalicelib.dialects.enveloped import frames
from chalicelib.dialects.enveloped.sessions import error

DIALECT: Final = Dialect(
    name="enveloped",
    prefixes=("/api",),
    tag=Tag("Envelope", "Routes under `/api`: every answer is `{success, message?, data?}`."),
    error=error,
    websockets=WebSockets(
        ("/api/sessions/{id}/ws", "/api/ws/{id}"),
        "Frames of JSON, `{type, …}`, about one session, from the moment one connects: its code, its status, its "
        "messages. Give a token as `?token=`, or as `Authorization: Bearer …`; an API key is refused here.",
    ),
    frames=frames,
)
ACCOUNTS: Final = Tag("Accounts", "Users, their passwords and API keys, and the tenants that they belong to.")
