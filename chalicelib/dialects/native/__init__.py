"""The native API (``/v1``): the gateway's own words, which no older family of clients expects."""

from typing import Final

from chalicelib.dialects.dialect import Dialect, Tag, WebhookWords
from chalicelib.dialects.native import webhook
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
    webhook=WORDS,
    names_requests=True,
)
