"""Which query goes to which answer. What isn't listed gets an empty result, which suffices for all a client asks."""

from collections.abc import Awaitable, Callable

from infra.local.whatsapp import login, media, participating, prekeys, privacy, removal, usync
from infra.local.whatsapp.app_state import sync
from infra.local.whatsapp.client import Client
from infra.local.whatsapp.node import Node

Answer = Callable[[Client, Node], Awaitable[None]]


async def media_hosts(client: Client, query: Node) -> None:
    """Answer with the hosts of media."""
    await client.connection.reply(query, media.hosts())


ANSWERS: dict[tuple[str, str, str], Answer] = {
    ("encrypt", "get", "count"): prekeys.count,
    ("encrypt", "set", "registration"): prekeys.upload,
    ("encrypt", "get", "key"): prekeys.fetch,
    ("passive", "set", "active"): login.activate,
    ("privacy", "get", "privacy"): privacy.settings,
    ("usync", "get", "usync"): usync.look_up,
    ("w:g2", "get", "participating"): participating.groups,
    ("w:m", "set", "media_conn"): media_hosts,
    ("w:sync:app:state", "set", "sync"): sync.answer,
    ("md", "set", "remove-companion-device"): removal.log_out,
}
"""By namespace, type and the first child's tag."""


async def answer(client: Client, query: Node) -> None:
    """Answer a query. Results that come without our asking are dropped; a query we can't read is refused."""
    kind = query.text("type")
    if kind not in ("get", "set"):
        return
    child = query.children[0].tag if query.children else ""
    handler = ANSWERS.get((query.text("xmlns"), kind, child), _nothing)
    try:
        await handler(client, query)
    except ValueError:
        await client.connection.refuse(query, 400, "bad-request")


async def _nothing(client: Client, query: Node) -> None:
    await client.connection.reply(query)
