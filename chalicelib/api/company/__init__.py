"""Routes and request bodies of the company API (``/whatsapp/companies``: a company has one session)."""

from typing import Final

from chalicelib.api.company import routes
from chalicelib.api.router import Router

ROUTERS: Final[tuple[Router, ...]] = (routes.router,)
