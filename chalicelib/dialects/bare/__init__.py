"""The bare API (``/sessions``): camelCase JSON without an envelope, and webhooks in words of its own.

What belongs to no family, the gateway's own routes and addresses that aren't there, is answered as this family does.
"""

from typing import Final

from chalicelib.dialects.bare import webhook
from chalicelib.dialects.bare.sessions import error
from chalicelib.dialects.dialect import Dialect, Tag

DIALECT: Final = Dialect(
    name="bare",
    prefixes=("/sessions", "/status", ""),
    tag=Tag("Bare", "Routes under `/sessions`: bare JSON in camelCase; a create waits for the QR code."),
    error=error,
    webhook=webhook,
)
