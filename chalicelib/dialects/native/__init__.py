"""The native API (``/v1``): the gateway's own words, which no older family of clients expects."""

from typing import Final

from chalicelib.dialects.dialect import Dialect, Tag, WebhookWords, WebSockets
from chalicelib.dialects.native import frames, webhook
from chalicelib.dialects.native.answers import error

WORDS: Final[WebhookWords] = webhook
DIALECT: Final = Dialect(
    name="native",
    prefixes=("/v1",),
    tag=Tag(
        "Native",
        "Routes under `/v1`, the API to begin with: bare JSON in snake_case, pages by cursor, unknown fields refused "
        "by name. An error is `{error: {code, message, field, retryable, retry_after}, request_id}`.",
    ),
    error=error,
    websockets=WebSockets(
        ("/v1/ws",),
        "Events of up to 100 sessions over one connection, as JSON. Send `{subscribe: {SESSION: CURSOR or null}, "
        "types}` with the cursor of the last event that you have: you miss nothing, and get them in their order per "
        "session. `*` in the place of a session tells of all of yours, without messages and codes. Give a ticket of "
        "`POST /v1/ws-ticket` or a token as `?token=`, or a token or an API key as `Authorization: Bearer …`.",
    ),
    frames=frames,
    subscribing=frames,
    webhook=WORDS,
    names_requests=True,
)
