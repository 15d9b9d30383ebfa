"""Routes and request bodies of the bare API (``/sessions``: camelCase JSON without an envelope)."""

from typing import Final

from chalicelib.api.bare import routes, sending
from chalicelib.api.router import Router

ROUTERS: Final[tuple[Router, ...]] = (routes.router, sending.router)
