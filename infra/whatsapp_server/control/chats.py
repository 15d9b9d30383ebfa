"""HTTP routes by which virtual phones chat and make groups."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from google.protobuf.empty_pb2 import Empty

from chalicelib.wire.node import Jid
from chalicelib.wire.proto import parse
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.control.request import Fields, body, phone_number
from infra.whatsapp_server.errors import BadRequest, UnknownMessage, UnknownPhone
from infra.whatsapp_server.groups.state import Group, is_group
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
        """`{to, text}`: send a text to a number or a group; a number that has no phone yet gets one."""
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
                raise UnknownMessage(f"{account.number} has no such message in its chat with {_name(recipient)}.")
            return found

        chat = _Chat(account, recipient, letter, self._network.account)
        name = self._network.phones.send(account, recipient, make(fields, chat))
        return _sent(name, account, recipient)

    async def _chat(self, request: web.Request, fields: Fields) -> tuple[Account, Account | Group]:
        """The phone, and whom it writes to: somebody, or a group that it may write in."""
        if is_group(fields.text("to")):
            account = self._account(request)
            return account, self._network.groups.open_to(account, Jid.parse(fields.text("to")).user)
        number, sender = phone_number(fields.text("to")), _number(request)
        recipient = self._network.accounts.numbered(number)
        if recipient is None and number != sender:
            raise UnknownPhone(f"{number} is not on this WhatsApp.")
        account = await self._network.registered(sender)
        return account, recipient or account

    async def inbox(self, request: web.Request) -> web.Response:
        """All letters of a phone, the newest last."""
        account = self._account(request)
        letters = [self._shown(account, letter) for letter in self._network.phones.letters(account)]
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

    def _shown(self, account: Account, letter: Letter) -> dict[str, Any]:
        """A letter; one in a group with the group, and if it went out, with how far it came with each member."""
        shown = _shown(account, letter)
        if not is_group(letter.peer):
            return shown
        readers = self._network.phones.readers(account, letter)
        receipts = {reader: state.name.lower() for reader, state in readers.items()}
        return {**shown, "group": letter.peer, **({"receipts": receipts} if letter.outgoing else {})}

    def _account(self, request: web.Request) -> Account:
        return self._network.account(_number(request))


@dataclass(frozen=True, slots=True)
class _Chat:
    """A phone's chat; ``letter`` finds the message in it that the request names, ``account`` whose number it is."""

    phone: Account
    peer: Account | Group
    letter: Callable[[], Letter]
    account: Callable[[str], Account]

    @property
    def address(self) -> Jid:
        """What the chat goes by in messages about its messages."""
        return self.peer.jid if isinstance(self.peer, Group) else self.peer.lid_jid

    def author(self, letter: Letter) -> Jid:
        """Who wrote a message of the chat, as the chat's messages name people."""
        writer = self.phone if letter.outgoing else self.account(letter.author or letter.peer)
        return self.peer.address(writer) if isinstance(self.peer, Group) else writer.lid_jid

    def own(self) -> Letter:
        """The message that the request names, which must be the phone's own."""
        found = self.letter()
        if not found.outgoing:
            raise UnknownMessage(f"{self.phone.number} didn't write that message.")
        return found

    def deletable(self) -> Letter:
        """The message that the request names, which must be the phone's own, or be in a group that it leads."""
        member = self.peer.member(self.phone) if isinstance(self.peer, Group) else None
        return self.letter() if member and member.is_admin else self.own()

    def group_author(self, letter: Letter) -> Jid | None:
        """Who wrote a message of a group; None elsewhere, where the chat says it."""
        return self.author(letter) if isinstance(self.peer, Group) else None


def _reply(fields: Fields, chat: _Chat) -> Outgoing:
    quoted = chat.letter()
    return content.reply(_written(fields, "text"), quoted, author=chat.author(quoted))


def _location(fields: Fields, _: _Chat) -> Outgoing:
    latitude, longitude = fields.degrees("latitude", 90), fields.degrees("longitude", 180)
    return content.location(
        latitude, longitude, name=fields.optional_text("name"), address=fields.optional_text("address")
    )


def _document(fields: Fields, _: _Chat) -> Outgoing:
    mimetype, caption = fields.optional_text("mimetype"), fields.optional_text("caption")
    return content.document(_written(fields, "file_name"), mimetype=mimetype, caption=caption)


def _delete(_: Fields, chat: _Chat) -> Outgoing:
    letter = chat.deletable()
    return content.deletion(letter, chat=chat.address, author=chat.group_author(letter))


def _react(fields: Fields, chat: _Chat) -> Outgoing:
    letter = chat.letter()
    emoji = fields.optional_text("emoji") or ""
    return content.reaction(emoji, letter, chat=chat.address, author=chat.group_author(letter))


def _raw(fields: Fields, _: _Chat) -> Outgoing:
    try:
        raw = bytes.fromhex(fields.text("message"))
        parse(Empty, raw)  # the format alone: what the fields are is the receiver's to find out
    except ValueError as error:
        raise BadRequest("message must be a protobuf message in hexadecimal.") from error
    return Outgoing(raw)


_KINDS: Final[dict[str, Callable[[Fields, _Chat], Outgoing]]] = {
    "reply": _reply,
    "edit": lambda fields, chat: content.edit(_written(fields, "text"), chat.own(), chat=chat.address),
    "delete": _delete,
    "react": _react,
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


def _sent(name: str, account: Account, recipient: Account | Group) -> web.Response:
    return web.json_response({"id": name, "from": account.number, "to": _name(recipient)})


def _name(recipient: Account | Group) -> str:
    return str(recipient.jid) if isinstance(recipient, Group) else recipient.number


def _number(request: web.Request) -> str:
    return phone_number(request.match_info["number"])


def _shown(account: Account, letter: Letter) -> dict[str, Any]:
    sender, recipient = (account.number, letter.peer) if letter.outgoing else (letter.peer, account.number)
    if letter.author:
        sender, recipient = letter.author, letter.peer
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
