"""HTTP routes by which virtual phones write, read and show messages."""

import asyncio
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from chalicelib.wire.node import STATUS, Jid
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.control.request import Fields, body, phone_number
from infra.whatsapp_server.control.sending import Chat, compose, media_kind, written
from infra.whatsapp_server.errors import BadRequest, UnknownFile, UnknownMessage, UnknownPhone
from infra.whatsapp_server.groups.state import Group, is_group
from infra.whatsapp_server.media import TooLarge
from infra.whatsapp_server.network import Network
from infra.whatsapp_server.phones.contents import KEPT, Kept, Mark, Marks
from infra.whatsapp_server.phones.files import Reference
from infra.whatsapp_server.phones.letters import Letter
from infra.whatsapp_server.phones.welcome import uploaded

_LONGEST_HISTORY = 200_000  # messages
_CHUNK: Final = 1 << 18
_STATUS: Final = ("text", "image", "video", "gif", "voice")


def add(app: web.Application, network: Network) -> None:
    """Add the routes to an application."""
    chats = _ChatRoutes(network)
    app.router.add_post("/phones/{number}", chats.add)
    app.router.add_post("/phones/{number}/history", chats.history)
    app.router.add_post("/phones/{number}/say", chats.say)
    app.router.add_post("/phones/{number}/broadcast", chats.broadcast)
    app.router.add_post("/phones/{number}/send", chats.send)
    app.router.add_post("/phones/{number}/status", chats.status)
    app.router.add_get("/phones/{number}/inbox", chats.inbox)
    app.router.add_post("/phones/{number}/read", chats.read)
    app.router.add_put("/phones/{number}/files", chats.put_file)
    app.router.add_get("/phones/{number}/messages/{id}", chats.message)
    app.router.add_get("/phones/{number}/messages/{id}/file", chats.file)
    app.router.add_get("/mail", chats.mail)
    app.router.add_get("/accepted", chats.accepted)


class _ChatRoutes:
    def __init__(self, network: Network) -> None:
        self._network = network

    async def add(self, request: web.Request) -> web.Response:
        """`{name?, hosted?}`: the phone is on WhatsApp from now on, linked to nothing; a hosted one is a business's."""
        fields = await body(request)
        hosted = fields.flag("hosted")
        account = await self._network.registered(_number(request), fields.optional_text("name"))
        if hosted:
            self._network.host(account)
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
        text = written(fields, "text")
        account, recipient = await self._chat(request, fields)
        name = self._network.phones.say(account, recipient, text)
        return _sent(name, account, recipient)

    async def broadcast(self, request: web.Request) -> web.Response:
        """`{to, text}`: send a text to a broadcast list of these numbers; a phone that is new is on WhatsApp then."""
        fields = await body(request)
        text = written(fields, "text")
        recipients = [self._network.account(phone_number(number)) for number in fields.texts("to")]
        account = await self._network.registered(_number(request))
        return web.json_response({"ids": self._network.phones.broadcast(account, recipients, text)})

    async def send(self, request: web.Request) -> web.Response:
        """`{to, kind, …}`: send a content in its context, or change another message, by what `sending` reads.

        Contents: text, reply, image, video, gif, round, audio, voice, sticker, document, location, live_location,
        contact, poll, album, group_invite, forward. Changes: edit, delete, react, vote, pin, timer. Or raw {message}: a
        waE2E.Message in hexadecimal. Files are named by what `PUT /phones/{number}/files` answered.
        """
        fields = await body(request)
        account, recipient = await self._chat(request, fields)
        chat, file = Chat(self._network, account, recipient), self._file(account, fields)
        said = compose(fields, chat, await self._upload(fields, file))
        name = self._network.phones.send(account, recipient, said)
        if file:
            self._network.phones.files.keep(account.number, chat.letter(name), file)
        return _sent(name, account, recipient)

    async def status(self, request: web.Request) -> web.Response:
        """`{to, kind, …}`: publish a status update for these numbers: a text, a picture, a video or a sound."""
        fields = await body(request)
        if fields.text("kind") not in _STATUS:
            raise BadRequest(f"kind must be one of {', '.join(_STATUS)}.")
        recipients = [self._network.account(phone_number(number)) for number in fields.texts("to")]
        account = await self._network.registered(_number(request))
        file = self._file(account, fields)
        said = compose(fields, Chat(self._network, account, account), await self._upload(fields, file))
        name = self._network.phones.tell(account, recipients, said)
        letter = self._network.phones.in_chat(account, str(STATUS), name)
        if file and letter:
            self._network.phones.files.keep(account.number, letter, file)
        return web.json_response({"id": name, "from": account.number, "to": [one.number for one in recipients]})

    def _file(self, account: Account, fields: Fields) -> Path | None:
        """The file that a request names, if what it sends has one."""
        given = fields.optional_text("file") if media_kind(fields) else None
        return self._network.phones.files.put(account.number, given) if given else None

    async def _upload(self, fields: Fields, file: Path | None) -> Reference | None:
        kind = media_kind(fields)
        try:
            return await asyncio.to_thread(self._network.phones.files.upload, kind, file) if kind and file else None
        except TooLarge as error:
            raise BadRequest(f"file has {error}.") from error

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
        letters = [self._shown(account, *one) for one in self._network.phones.contents.every(account.number)]
        return web.json_response({"number": account.number, "messages": letters})

    async def read(self, request: web.Request) -> web.Response:
        """`{}`: mark all as read. `{from, id, played: true}`: mark one sound or video message as played."""
        account, fields = self._account(request), await body(request)
        if not fields.flag("played"):
            return web.json_response({"number": account.number, "read": self._network.phones.read(account)})
        letter = self._network.phones.in_chat(account, fields.text("from"), fields.text("id"))
        if letter is None or letter.outgoing:
            raise UnknownMessage(f"{account.number} got no such message.")
        self._network.phones.play(account, letter)
        return web.json_response({"number": account.number, "read": 1})

    async def put_file(self, request: web.Request) -> web.Response:
        """Put a file on the phone, which is the body: `file` is its name in what sends it."""
        account = await self._network.registered(_number(request))
        path, hashed = self._network.phones.files.new(account.number), sha256()
        with path.open("wb") as file:
            async for piece in request.content.iter_chunked(_CHUNK):
                hashed.update(piece)
                file.write(piece)
        size = path.stat().st_size
        return web.json_response({"file": path.name, "size": size, "sha256": hashed.hexdigest()})

    async def message(self, request: web.Request) -> web.Response:
        """One letter, with `raw`: WhatsApp's own message in hexadecimal. `?chat=` may name the chat."""
        account, letter = self._named(request)
        kept = self._network.phones.contents.of(account.number, letter)
        marks = self._network.phones.contents.marks(account.number, letter)
        return web.json_response({**self._shown(account, letter, kept, marks), "raw": kept.message.hex()})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The file that came with a letter, or was sent with it, as it is."""
        account, letter = self._named(request)
        kept = self._network.phones.contents.of(account.number, letter)
        path = self._network.phones.files.of(account.number, letter)
        if kept.file != KEPT or not path.is_file():  # of a file on this machine
            raise UnknownFile(f"The letter has no file: {kept.file or 'none was sent'}.")
        return web.FileResponse(path, headers={"Content-Type": "application/octet-stream"})

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

    def _shown(self, account: Account, letter: Letter, kept: Kept, marks: Marks) -> dict[str, Any]:
        """A letter, with what it says and what was said about it; one that went to a group, with who has got it."""
        shown = {**_shown(account, letter), **self._said(account, letter, kept, marks)}
        if not is_group(letter.peer):
            return shown
        readers = self._network.phones.readers(account, letter)
        receipts = {reader: state.name.lower() for reader, state in readers.items()}
        return {**shown, "group": letter.peer, **({"receipts": receipts} if letter.outgoing else {})}

    def _said(self, account: Account, letter: Letter, kept: Kept, marks: Marks) -> dict[str, Any]:
        fields = self._network.phones.contents.readable(account, letter, kept.content)
        about = asdict(kept.content.about) if kept.content.about else None
        return {
            "type": kept.content.type,
            "content": fields,
            "context": kept.content.context,
            "stanza": kept.stanza,
            **({"about": about} if about else {}),
            **({"file": kept.file} if kept.file else {}),
            **{_MARKS[mark]: _one(mark, said) for mark, said in marks.items()},
        }

    def _named(self, request: web.Request) -> tuple[Account, Letter]:
        account, name = self._account(request), request.match_info["id"]
        letter = self._network.phones.in_chat(account, request.query.get("chat"), name)
        if letter is None:
            raise UnknownMessage(f"{account.number} has no such message.")
        return account, letter

    def _account(self, request: web.Request) -> Account:
        return self._network.account(_number(request))


_MARKS: Final = {
    Mark.REACTION: "reactions",
    Mark.VOTE: "votes",
    Mark.EDIT: "edited",
    Mark.DELETION: "deleted_by",
    Mark.PIN: "pinned",
}


def _one(mark: Mark, said: dict[str, Any]) -> Any:
    """Reactions and votes by number; of an edit what the letter says now; who deleted it; whether it is pinned."""
    if mark in (Mark.REACTION, Mark.VOTE):
        return said
    return next(iter(said)) if mark is Mark.DELETION else next(iter(said.values()))


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
