"""Who may speak to the front: this machine's own programs and pages, and nobody through a browser's back door.

A page from anywhere can make a browser send requests to localhost, and a name that resolves to 127.0.0.1 makes it
believe that they are the page's own (DNS rebinding). The Host and Origin headers tell.
"""

import os
import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

LOOPBACK: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_local(host: str) -> bool:
    """Return whether ``host`` (a Host header: name and perhaps port) names this machine."""
    return LOOPBACK.fullmatch(host) is not None


def invited() -> frozenset[str]:
    """Return the origins that the developer lets in besides (ALLOWED_ORIGINS); ``null`` is a page opened as a file."""
    return frozenset(filter(None, os.environ.get("ALLOWED_ORIGINS", "").split(",")))


def refusal(host: str, origin: str | None) -> str | None:
    """Return the sentence to refuse a request with, or None for a welcome one."""
    if not is_local(host):
        return "The local stack answers only as localhost or 127.0.0.1."
    if origin is not None and origin not in invited() and not is_local(origin.partition("//")[2]):
        return "The local stack answers only pages that come from localhost or 127.0.0.1."
    return None


@web.middleware
async def only_local(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what doesn't come from this machine, before anything is read."""
    sentence = refusal(request.headers.get("Host", ""), request.headers.get("Origin"))
    if sentence is not None:
        return web.json_response({"message": sentence}, status=403)
    return await handler(request)
