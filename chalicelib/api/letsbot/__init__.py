"""Routes and request bodies of LetsBot's API (``/api/v1``: an API key implies its session)."""

from typing import Final

from chalicelib.api.letsbot import messages, routes
from chalicelib.api.router import Router

ROUTERS: Final[tuple[Router, ...]] = (routes.router, messages.router)
