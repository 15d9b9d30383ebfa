"""HTTP routes by which virtual phones chat and make groups."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from google.protobuf.empty_pb2 import Empty

from chalicelib.wire.proto import parse
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.control.request import Fields, body, phone_number
from infra.whatsapp_server.errors import BadRequest, UnknownMessage, UnknownPhone
from infra.whatsapp_server.groups import Group
from infra.whatsapp_server.network import Network
from infra.whatsapp_server.phones import content
from infra.whatsapp_server.phones.content import Outgoing
from infra.whatsapp_server.phones.letters import Letter
from infra.whatsapp_server.phones.welcome import uploaded

_LONGEST_HISTORY = 200_000  # messages
_LONGEST = 65536  # characters, WhatsApp's own limit


def add(app: web.Application, network: Network) -> None:
    """Add the routes to an application."""
    chats = _ChatRoutes(network)
    app.router.add_post("/phones/{number}", chats.add)
    app.router.add_post("/phones/{number}/history", chats.history)
    app.router.add_post("/phones/{number}/say", chats.say)
    app.router.add_post("/phones/{number}/broadcast", chats.broadcast)
    app.router.add_post("/phones/{number}/send", chats.send)
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
        text = _written(fields, "text")
        account, recipient = await self._chat(request, fields)
        name = self._network.phones.say(account, recipient, text)
        return _sent(name, account, recipient)

    async def broadcast(self, request: web.Request) -> web.Response:
        """`{to, text}`: send a text to a broadcast list of these numbers; a phone that is new is on WhatsApp then."""
        fields = await body(request)
        text = _written(fields, "text")
        recipients = [self._network.account(phone_number(number)) for number in fields.texts("to")]
        account = await self._network.registered(_number(request))
        return web.json_response({"ids": self._network.phones.broadcast(account, recipients, text)})

    async def send(self, request: web.Request) -> web.Response:
        """`{to, kind, …}`: send what is no plain text.

        reply {id, text}, edit {id, text}, delete {id}, react {id, emoji?}, location {latitude, longitude, name?,
        address?}, document {file_name, mimetype?, caption?}, raw {message}: a waE2E.Message in hexadecimal.
        """
        fields = await body(request)
        make = _KINDS.get(fields.text("kind"))
        if make is None:
            raise BadRequest(f"kind must be one of {', '.join(_KINDS)}.")
        account, recipient = await self._chat(request, fields)

        def letter() -> Letter:
            found = self._network.phones.letter(account, recipient, fields.text("id"))
            if found is None:
                raise UnknownMessage(f"{account.number} has no such message in its chat with {recipient.number}.")
            return found

        name = self._network.phones.send(account, recipient, make(fields, _Chat(account, recipient, letter)))
        return _sent(name, account, recipient)

    async def _chat(self, request: web.Request, fields: Fields) -> tuple[Account, Account]:
        """The phone, and whom it writes to."""
        number, sender = phone_number(fields.text("to")), _number(request)
        recipient = self._network.accounts.numbered(number)
        if recipient is None and number != sender:
            raise UnknownPhone(f"{number} is not on this WhatsApp.")
        account = await self._network.registered(sender)
        return account, recipient or account

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


@dataclass(frozen=True, slots=True)
class _Chat:
    """A phone's chat; ``letter`` finds the message in it that the request names."""

    phone: Account
    peer: Account
    letter: Callable[[], Letter]

    def own(self) -> Letter:
        """The message that the request names, which must be the phone's own."""
        found = self.letter()
        if not found.outgoing:
            raise UnknownMessage(f"{self.phone.number} didn't write that message.")
        return found


def _reply(fields: Fields, chat: _Chat) -> Outgoing:
    quoted = chat.letter()
    return content.reply(
        _written(fields, "text"), quoted, author=(chat.phone if quoted.outgoing else chat.peer).lid_jid
    )


def _location(fields: Fields, _: _Chat) -> Outgoing:
    latitude, longitude = fields.degrees("latitude", 90), fields.degrees("longitude", 180)
    return content.location(
        latitude, longitude, name=fields.optional_text("name"), address=fields.optional_text("address")
    )


def _document(fields: Fields, _: _Chat) -> Outgoing:
    mimetype, caption = fields.optional_text("mimetype"), fields.optional_text("caption")
    return content.document(_written(fields, "file_name"), mimetype=mimetype, caption=caption)


def _raw(fields: Fields, _: _Chat) -> Outgoing:
    try:
        raw = bytes.fromhex(fields.text("message"))
        parse(Empty, raw)  # the format alone: what the fields are is the receiver's to find out
    except ValueError as error:
        raise BadRequest("message must be a protobuf message in hexadecimal.") from error
    return Outgoing(raw)


_KINDS: Final[dict[str, Callable[[Fields, _Chat], Outgoing]]] = {
    "reply": _reply,
    "edit": lambda fields, chat: content.edit(_written(fields, "text"), chat.own(), chat=chat.peer.lid_jid),
    "delete": lambda _, chat: content.deletion(chat.own(), chat=chat.peer.lid_jid),
    "react": lambda fields, chat: content.reaction(
        fields.optional_text("emoji") or "", chat.letter(), chat=chat.peer.lid_jid
    ),
    "location": _location,
    "document": _document,
    "raw": _raw,
}


def _written(fields: Fields, name: str) -> str:
    """A text that can be sent."""
    text = fields.text(name)
    if len(text) > _LONGEST:
        raise BadRequest(f"{name} must have {_LONGEST} characters at most.")
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise BadRequest(f"{name} holds half a character.")
    return text


def _sent(name: str, account: Account, recipient: Account) -> web.Response:
    return web.json_response({"id": name, "from": account.number, "to": recipient.number})


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


_LONGEST_NAME = 100  # characters, WhatsApp's own limits
_LONGEST_TOPIC = 2048
_MOST_MEMBERS = 1024


def add_group_routes(app: web.Application, network: Network) -> None:
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
        return web.json_response(_group_routes_shown(self._network.groups.make(maker, name, members, topic=topic)))

    async def every(self, request: web.Request) -> web.Response:
        """All groups that the phone is in."""
        account = self._network.account(phone_number(request.match_info["number"]))
        groups = [_group_routes_shown(group) for group in self._network.groups.of(account)]
        return web.json_response({"number": account.number, "groups": groups})


def _short(fields: Fields, name: str, longest: int) -> str:
    text = fields.optional_text(name) or ""
    if len(text) > longest:
        raise BadRequest(f"{name} must have {longest} characters at most.")
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise BadRequest(f"{name} holds half a character.")
    return text


def _group_routes_shown(group: Group) -> dict[str, Any]:
    return {
        "jid": str(group.jid),
        "name": group.name,
        "topic": group.topic,
        "made_by": group.maker,
        "made_at": group.made_at,
        "members": list(group.members),
    }
