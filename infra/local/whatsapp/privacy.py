"""An account's privacy settings: everybody may see everything."""

from infra.local.whatsapp.client import Client
from infra.local.whatsapp.node import Node

_CATEGORIES = ("readreceipts", "profile", "status", "online", "last", "groupadd", "calladd", "messages")


async def settings(client: Client, query: Node) -> None:
    """Answer with all categories."""
    categories = tuple(Node("category", {"name": name, "value": "all"}) for name in _CATEGORIES)
    await client.connection.reply(query, Node("privacy", {}, categories))
