"""Pages from elsewhere: which may call, and the headers that tell their browsers so."""

from collections.abc import Collection
from typing import Final

from chalice.app import Request

from chalicelib.config import settings

METHODS: Final = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
HEADERS: Final = "Authorization, Content-Type, Idempotency-Key, X-API-Key"
READABLE: Final = "Retry-After, X-QR-Expires-At"
"""What a page's script may read beside the few headers that it always may."""
KEPT: Final = 600
"""Seconds that a browser may remember a preflight's answer."""


def allowed(request: Request) -> dict[str, str]:
    """Return the CORS headers for the page that calls; none for a page of our own, or one that isn't on the list."""
    origin = request.headers.get("origin")
    if origin is None or not listed(origin, settings().allowed_origins):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": READABLE,
        "Vary": "Origin",
    }


def listed(origin: str, origins: Collection[str]) -> bool:
    """Return whether ``origins`` has ``origin``, as it is or, as ``http://localhost:*``, with any port."""
    place, _, port = origin.rpartition(":")
    return origin in origins or (port.isdecimal() and f"{place}:*" in origins)


def preflight(request: Request) -> dict[str, str]:
    """Return the headers that answer an OPTIONS request."""
    found = allowed(request)
    if not found:
        return {}
    return found | {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": HEADERS,
        "Access-Control-Max-Age": str(KEPT),
    }
