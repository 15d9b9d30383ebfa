"""Routes and request bodies of the Socket.IO API (``/socket.io``, and the calls that stand beside it)."""

from typing import Final

from chalicelib.api.router import Router
from chalicelib.api.socketio import engine, routes

ROUTERS: Final[tuple[Router, ...]] = (engine.router, routes.router)
