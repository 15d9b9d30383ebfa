"""HTTP routes by which phones are online or not, type, record, and call; and by which they show it of others."""

from dataclasses import asdict

from aiohttp import web

from chalicelib.wire.node import Jid
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.control.request import body, phone_number
from infra.whatsapp_server.errors import BadRequest
from infra.whatsapp_server.groups.state import is_group
from infra.whatsapp_server.network import Network
from infra.whatsapp_server.post import PHONE
from infra.whatsapp_server.presence import Typing


def add(app: web.Application, network: Network) -> None:
    """Add the routes to an application."""
    routes = _PresenceRoutes(network)
    app.router.add_get("/phones/{number}/presence", routes.seen)
    app.router.add_post("/phones/{number}/online", routes.online)
    app.router.add_post("/phones/{number}/typing", routes.typing)
    app.router.add_get("/phones/{number}/calls", routes.calls)
    app.router.add_post("/phones/{number}/calls", routes.call)
    app.router.add_post("/phones/{number}/calls/{id}/end", routes.end)


class _PresenceRoutes:
    def __init__(self, network: Network) -> None:
        self._network = network

    async def seen(self, request: web.Request) -> web.Response:
        """What the phone sees of the others: who is online, was seen when, and types or records in its chat."""
        phone = self._phone(request)
        shown = {chat: asdict(seen) for chat, seen in self._network.presences.seen(phone).items()}
        return web.json_response(
            {"number": phone.number, "online": self._network.presences.online(phone), "chats": shown}
        )

    async def online(self, request: web.Request) -> web.Response:
        """`{online}`: take the phone in the hand, or lay it down; who subscribed to its owner is told."""
        phone, fields = self._phone(request), await body(request)
        await self._network.presences.hold(phone, online=fields.flag("online"))
        return web.json_response({"number": phone.number, "online": self._network.presences.online(phone)})

    async def typing(self, request: web.Request) -> web.Response:
        """`{to, state}`: composing, recording or paused, in the chat with a number or in a group of the phone's.

        The other side's devices that are connected are told.
        """
        phone, fields = self._phone(request), await body(request)
        state = fields.text("state")
        if state not in set(Typing):
            raise BadRequest(f"state must be one of {', '.join(Typing)}.")
        to = fields.text("to")
        chat = self._address(phone, to)
        await self._network.presences.type(phone, PHONE, chat, Typing(state))
        return web.json_response({"number": phone.number, "to": to, "state": state})

    def _address(self, phone: Account, to: str) -> Jid:
        if is_group(to):
            return self._network.groups.seen_by(phone, Jid.parse(to).user).jid
        return self._network.account(phone_number(to)).lid_jid

    async def calls(self, request: web.Request) -> web.Response:
        """The calls that the phone made or got since the server started, the newest last."""
        phone = self._phone(request)
        calls = [asdict(call) for call in self._network.calls.of(phone)]
        return web.json_response({"number": phone.number, "calls": calls})

    async def call(self, request: web.Request) -> web.Response:
        """`{to, video?}`: call somebody; all devices of the other side ring."""
        phone, fields = self._phone(request), await body(request)
        callee = self._network.account(phone_number(fields.text("to")))
        if callee is phone:
            raise BadRequest("A phone can't call itself.")
        return web.json_response(asdict(self._network.calls.start(phone, callee, video=fields.flag("video"))))

    async def end(self, request: web.Request) -> web.Response:
        """`{reason?}`: hang up; who is called declines by that."""
        phone, fields = self._phone(request), await body(request)
        reason = fields.optional_text("reason")
        return web.json_response(asdict(self._network.calls.end(phone, request.match_info["id"], reason=reason)))

    def _phone(self, request: web.Request) -> Account:
        return self._network.account(phone_number(request.match_info["number"]))
