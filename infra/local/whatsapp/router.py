"""Which kind of stanza goes to which handler. A kind that isn't listed needs no answer."""

from collections.abc import Awaitable, Callable

from infra.local.whatsapp import messages, queries, receipts
from infra.local.whatsapp.client import Client
from infra.local.whatsapp.node import Node

Handler = Callable[[Client, Node], Awaitable[None]]

HANDLERS: dict[str, Handler] = {
    "iq": queries.answer,
    "message": messages.accept,
    "receipt": receipts.accept,
    "ack": receipts.settle,
}
"""By tag."""


async def route(client: Client, stanza: Node) -> None:
    """Hand a linked device's stanza to its handler."""
    handler = HANDLERS.get(stanza.tag)
    if handler:
        await handler(client, stanza)
