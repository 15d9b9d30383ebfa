"""HTTP routes by which virtual phones chat."""

import asyncio
from typing import Any

from aiohttp import web

from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.errors import BadRequest, UnknownPhone
from infra.local.whatsapp.network import Network
from infra.local.whatsapp.phone_number import phone_number
from infra.local.whatsapp.phones.history import uploaded
from infra.local.whatsapp.phones.letters import Letter
from infra.local.whatsapp.request import body

_LONGEST_HISTORY = 200_000  # messages
_LONGEST = 65536  # characters, WhatsApp's own limit


def add(app: web.Application, network: Network) -> None:
    """Add the routes to an application."""
    chats = _ChatRoutes(network)
    app.router.add_post("/phones/{number}", chats.add)
    app.router.add_post("/phones/{number}/history", chats.history)
    app.router.add_post("/phones/{number}/say", chats.say)
    app.router.add_get("/phones/{number}/inbox", chats.inbox)
    app.router.add_post("/phones/{number}/read", chats.read)
    app.router.add_get("/mail", chats.mail)
    app.router.add_get("/accepted", chats.accepted)


class _ChatRoutes:
    def __init__(self, network: Network) -> None:
        self._network = network

    async def add(self, request: web.Request) -> web.Response:
        """`{name?}`: the phone is on WhatsApp from now on, linked to nothing."""
        fields = await body(request)
        account = await self._network.registered(_number(request), fields.optional_text("name"))
        return web.json_response({"number": account.number, "lid": str(account.lid_jid), "name": account.name})

    async def history(self, request: web.Request) -> web.Response:
        """`{messages, chats?}`: the phone has so much to tell each device that is linked from now on."""
        fields = await body(request)
        messages = fields.integer("messages", default=0, lowest=0, highest=_LONGEST_HISTORY)
        chats = fields.integer("chats", default=100, lowest=1, highest=_LONGEST_HISTORY)
        account = await self._network.registered(_number(request))
        notice = await asyncio.to_thread(uploaded, self._network.media, account, chats=chats, messages=messages)
        self._network.phones.remember(account, notice)
        return web.json_response({"number": account.number, "messages": messages, "chats": chats})

    async def say(self, request: web.Request) -> web.Response:
        """`{to, text}`: send a text; a number that has no phone yet gets one."""
        fields = await body(request)
        number, text = phone_number(fields.text("to")), fields.text("text")
        if len(text) > _LONGEST:
            raise BadRequest(f"text must have {_LONGEST} characters at most.")
        if any("\ud800" <= one <= "\udfff" for one in text):
            raise BadRequest("text holds half a character.")
        sender = _number(request)
        recipient = self._network.accounts.numbered(number)
        if recipient is None and number != sender:
            raise UnknownPhone(f"{number} is not on this WhatsApp.")
        account = await self._network.registered(sender)
        name = self._network.phones.say(account, recipient or account, text)
        return web.json_response({"id": name, "from": account.number, "to": number})

    async def inbox(self, request: web.Request) -> web.Response:
        """All letters of a phone, the newest last."""
        account = self._account(request)
        letters = [_shown(account, letter) for letter in self._network.phones.letters(account)]
        return web.json_response({"number": account.number, "messages": letters})

    async def read(self, request: web.Request) -> web.Response:
        """Mark all as read."""
        account = self._account(request)
        return web.json_response({"number": account.number, "read": self._network.phones.read(account)})

    async def mail(self, _request: web.Request) -> web.Response:
        """How many stanzas wait for each device, and the latest messages that a client encrypted for nobody."""
        waiting = [
            {"number": number, "device": device, "count": count}
            for (number, device), count in self._network.post.mail.waiting().items()
        ]
        strays = [{"id": one.id, "from": one.sender, "to": one.recipient, "at": one.at} for one in self._network.strays]
        return web.json_response({"waiting": waiting, "to_nobody": strays})

    async def accepted(self, _request: web.Request) -> web.Response:
        """The latest messages of clients, the newest last: from whom, to whom, and the tags in the stanza."""
        found = [
            {"id": one.id, "from": one.sender, "to": one.recipient, "tags": list(one.tags)}
            for one in self._network.accepted
        ]
        return web.json_response({"messages": found})

    def _account(self, request: web.Request) -> Account:
        return self._network.account(_number(request))


def _number(request: web.Request) -> str:
    return phone_number(request.match_info["number"])


def _shown(account: Account, letter: Letter) -> dict[str, Any]:
    sender, recipient = (account.number, letter.peer) if letter.outgoing else (letter.peer, account.number)
    return {
        "id": letter.id,
        "direction": "out" if letter.outgoing else "in",
        "from": sender,
        "to": recipient,
        "text": letter.text,
        "at": letter.at,
        "state": letter.state.name.lower(),
    }
