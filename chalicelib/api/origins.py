"""Pages from elsewhere: which may call, and the headers that tell their browsers so."""

from typing import Final

from chalice.app import Request

from chalicelib.config import settings

METHODS: Final = "GET, POST, OPTIONS"
HEADERS: Final = "Authorization, Content-Type"
KEPT: Final = 600
"""Seconds that a browser may remember a preflight's answer."""


def allowed(request: Request) -> dict[str, str]:
    """Return the CORS headers for the page that calls; none for a page of our own, or one that isn't on the list."""
    origin = request.headers.get("origin")
    if origin is None or origin not in settings().allowed_origins:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


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
