"""Routes and request bodies of the native API (``/v1``)."""

from typing import Final

from chalicelib.api.native import chats, events, invitations, linking, me, media, messages, sessions
from chalicelib.api.router import Router

ROUTERS: Final[tuple[Router, ...]] = (
    sessions.router,
    linking.router,
    invitations.router,
    messages.router,
    media.router,
    chats.router,
    events.router,
    me.router,
)
