"""Routes and request bodies of the enveloped API (``/api``: JSON in an envelope, plain WebSocket frames, accounts)."""

from typing import Final

from chalicelib.api.enveloped import accounts, routes, sending
from chalicelib.api.router import Router

ROUTERS: Final[tuple[Router, ...]] = (routes.router, sending.router, accounts.router)
