"""HTTP routes by which virtual phones make groups."""

from typing import Any

from aiohttp import web

from infra.local.whatsapp.errors import BadRequest
from infra.local.whatsapp.groups import Group
from infra.local.whatsapp.network import Network
from infra.local.whatsapp.phone_number import phone_number
from infra.local.whatsapp.request import Fields, body

_LONGEST_NAME = 100  # characters, WhatsApp's own limits
_LONGEST_TOPIC = 2048
_MOST_MEMBERS = 1024


def add(app: web.Application, network: Network) -> None:
    """Add the routes to an application."""
    groups = _GroupRoutes(network)
    app.router.add_post("/phones/{number}/groups", groups.make)
    app.router.add_get("/phones/{number}/groups", groups.every)


class _GroupRoutes:
    def __init__(self, network: Network) -> None:
        self._network = network

    async def make(self, request: web.Request) -> web.Response:
        """`{name, with?, topic?}`: make a group of the phone and others, each of which must be on this WhatsApp."""
        fields = await body(request)
        name, topic = _short(fields, "name", _LONGEST_NAME), _short(fields, "topic", _LONGEST_TOPIC)
        if not name:
            raise BadRequest("name is missing.")
        numbers = fields.texts("with")
        if len(numbers) >= _MOST_MEMBERS:
            raise BadRequest(f"A group has {_MOST_MEMBERS} members at most.")
        number = phone_number(request.match_info["number"])
        others = dict.fromkeys(map(phone_number, numbers))
        members = tuple(self._network.account(other) for other in others if other != number)
        maker = await self._network.registered(number)
        return web.json_response(_shown(self._network.groups.make(maker, name, members, topic=topic)))

    async def every(self, request: web.Request) -> web.Response:
        """All groups that the phone is in."""
        account = self._network.account(phone_number(request.match_info["number"]))
        groups = [_shown(group) for group in self._network.groups.of(account)]
        return web.json_response({"number": account.number, "groups": groups})


def _short(fields: Fields, name: str, longest: int) -> str:
    text = fields.optional_text(name) or ""
    if len(text) > longest:
        raise BadRequest(f"{name} must have {longest} characters at most.")
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise BadRequest(f"{name} holds half a character.")
    return text


def _shown(group: Group) -> dict[str, Any]:
    return {
        "jid": str(group.jid),
        "name": group.name,
        "topic": group.topic,
        "made_by": group.maker,
        "made_at": group.made_at,
        "members": list(group.members),
    }
