"""What a request asks a phone to send, by its ``kind``: a content in its context, or a change of another message.

Contents (``text``, ``image``, …) may have besides their own fields: ``quote`` (an id), ``mentions`` (numbers, which the
text names as @number), ``forwarded`` (a score), ``expires_in`` (seconds; else the chat's timer), ``view_once``, and
``album`` (the id of the album that it belongs to).
"""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.empty_pb2 import Empty

from chalicelib.wire.addons import SECRET_SIZE
from chalicelib.wire.media import AUDIO, DOCUMENT, IMAGE, VIDEO
from chalicelib.wire.node import Jid
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.message_pb2 import Message, MessageKey
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.control.request import Fields, phone_number
from infra.whatsapp_server.errors import BadRequest, UnknownMessage
from infra.whatsapp_server.groups.state import Group
from infra.whatsapp_server.network import Network
from infra.whatsapp_server.phones import composing
from infra.whatsapp_server.phones.composing import Frame
from infra.whatsapp_server.phones.content import UNKNOWN, Content, Outgoing, unwrapped
from infra.whatsapp_server.phones.files import Reference
from infra.whatsapp_server.phones.letters import Letter

_LONGEST: Final = 65_536
"""Characters of a text, WhatsApp's own limit."""
_MOST: Final = 1 << 31
_WEEK_S: Final = 7 * 86_400
_LONGEST_TIMER_S: Final = 90 * 86_400
_MOST_OPTIONS: Final = 12
_WAVEFORM: Final = 64
_LOUDEST: Final = 100


@dataclass(frozen=True, slots=True)
class Chat:
    """A phone's chat with somebody, or in a group."""

    network: Network
    phone: Account
    peer: Account | Group

    @property
    def address(self) -> Jid:
        """What the chat goes by in messages about its messages."""
        return self.peer.jid if isinstance(self.peer, Group) else self.peer.lid_jid

    @property
    def name(self) -> str:
        """What letters of the chat call it: the number, or the group's address."""
        return str(self.peer.jid) if isinstance(self.peer, Group) else self.peer.number

    def called(self, account: Account) -> Jid:
        """What the chat's messages call somebody."""
        return self.peer.address(account) if isinstance(self.peer, Group) else account.lid_jid

    def letter(self, name: str) -> Letter:
        """The message of that id; UnknownMessage if there is none."""
        found = self.network.phones.letter(self.phone, self.peer, name)
        if found is None:
            raise UnknownMessage(f"{self.phone.number} has no such message in its chat with {self.name}.")
        return found

    def own(self, name: str) -> Letter:
        """The message of that id, which must be the phone's own."""
        found = self.letter(name)
        if not found.outgoing:
            raise UnknownMessage(f"{self.phone.number} didn't write that message.")
        return found

    def deletable(self, name: str) -> Letter:
        """The message of that id, which must be the phone's own, or be in a group that it leads."""
        member = self.peer.member(self.phone) if isinstance(self.peer, Group) else None
        return self.letter(name) if member and member.is_admin else self.own(name)

    def author(self, letter: Letter) -> Jid:
        """Who wrote a message of the chat."""
        writer = self.phone if letter.outgoing else self.network.account(letter.author or letter.peer)
        return self.called(writer)

    def key(self, letter: Letter) -> MessageKey:
        """What messages about a message name it by; in a group they name its author."""
        author = self.author(letter) if isinstance(self.peer, Group) else None
        return composing.key(letter, self.address, author)

    def content(self, letter: Letter) -> Content:
        """What a message says."""
        return self.network.phones.contents.of(self.phone.number, letter).content


def compose(fields: Fields, chat: Chat, file: Reference | None) -> Outgoing:
    """What the request asks for; ``file`` is what it names as ``file``, uploaded. BadRequest names the wrong field."""
    kind = fields.text("kind")
    if kind in _CHANGES:
        return _CHANGES[kind](fields, chat)
    if kind in _MEDIA:
        message = _media(kind, fields, file)
    elif kind in _CONTENTS:
        message = _CONTENTS[kind](fields, chat)
    else:
        raise BadRequest(f"kind must be one of {', '.join(sorted((*_CHANGES, *_CONTENTS, *_MEDIA)))}.")
    return _frame(fields, chat).around(_mentioning(message, fields, chat))


def media_kind(fields: Fields) -> str | None:
    """Under which kind of WhatsApp's the request's file is to be encrypted; None if it isn't about one."""
    return _MEDIA.get(fields.text("kind"))


def written(fields: Fields, name: str) -> str:
    """A text that can be sent."""
    text = fields.text(name)
    if len(text) > _LONGEST:
        raise BadRequest(f"{name} must have {_LONGEST} characters at most.")
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise BadRequest(f"{name} holds half a character.")
    return text


def _frame(fields: Fields, chat: Chat) -> Frame:
    quoted = fields.optional_text("quote")
    if quoted is None and fields.text("kind") == "reply":
        quoted = fields.text("id")
    album = fields.optional_text("album")
    timer = chat.network.phones.timer(chat.phone, chat.peer)
    return Frame(
        quoted=_quote(chat, chat.letter(quoted)) if quoted else None,
        mentions=tuple(str(one) for one in _mentioned(fields, chat).values()),
        forwarded=fields.integer("forwarded", default=_score(fields, chat), lowest=0, highest=_MOST),
        expires_in=fields.integer("expires_in", default=timer, lowest=0, highest=_LONGEST_TIMER_S),
        view_once=fields.flag("view_once"),
        album=chat.key(chat.own(album)) if album else None,
    )


def _quote(chat: Chat, letter: Letter) -> Any:
    shown = unwrapped(parse(Message, chat.network.phones.contents.of(chat.phone.number, letter).message))
    return composing.quote(letter, composing.forwarded(shown), author=chat.author(letter))


def _mentioned(fields: Fields, chat: Chat) -> dict[str, Jid]:
    """What the chat calls each of those whom the request mentions, by number."""
    numbers = map(phone_number, fields.texts("mentions"))
    return {number: chat.called(chat.network.account(number)) for number in numbers}


def _mentioning(message: Message, fields: Fields, chat: Chat) -> Message:
    """The message with everybody who is mentioned in its text named as WhatsApp names them."""
    for number, jid in _mentioned(fields, chat).items():
        message.conversation = message.conversation.replace(f"@{number}", f"@{jid.user}")
    if not message.conversation:
        message.ClearField("conversation")
    return message


def _score(fields: Fields, chat: Chat) -> int:
    """Return how often the message has been forwarded, this time included; 0 for one that isn't a forward."""
    if fields.text("kind") != "forward":
        return 0
    return int(_forwarded_from(fields, chat).context.get("forwarded", 0)) + 1


def _forwarded_from(fields: Fields, chat: Chat) -> Content:
    """Return the content to forward: a message of this chat, or of the phone's chat with the number in ``chat``."""
    number = fields.optional_text("chat")
    source = Chat(chat.network, chat.phone, chat.network.account(phone_number(number))) if number else chat
    content = source.content(source.letter(fields.text("id")))
    if content.type == UNKNOWN or content.about or content.silent:
        raise BadRequest("id must name a message that can be forwarded.")
    return content


def _forward(fields: Fields, chat: Chat) -> Message:
    return composing.forwarded(unwrapped(parse(Message, _forwarded_from(fields, chat).message)))


def _text(fields: Fields, _: Chat) -> Message:
    given = fields.values.get("preview")
    preview = Fields(given) if isinstance(given, dict) else None
    if given is not None and preview is None:
        raise BadRequest("preview must be an object.")
    shown = (
        None
        if preview is None
        else {
            "url": preview.text("url"),
            "title": preview.optional_text("title"),
            "description": preview.optional_text("description"),
            "thumbnail": _bytes(preview, "thumbnail"),
        }
    )
    colour, font = fields.optional_integer("background"), fields.optional_integer("font")
    return composing.text(written(fields, "text"), preview=shown, colour=colour, font=font)


def _media(kind: str, fields: Fields, file: Reference | None) -> Message:
    said: dict[str, Any] = {
        name: fields.integer(name, default=0, lowest=0, highest=_MOST)
        for name in ("width", "height", "seconds", "pages")
        if name in fields.values
    }
    said |= {name: fields.optional_text(name) for name in ("caption", "title")}
    said["thumbnail"] = _bytes(fields, "thumbnail")
    mimetype = fields.optional_text("mimetype") or _MIMETYPES[kind]
    if kind == "document":
        return composing.document(file, mimetype=mimetype, file_name=written(fields, "file_name"), **said)
    if file is None:
        raise BadRequest("file is missing.")
    match kind:
        case "image":
            return composing.image(file, mimetype=mimetype, **said)
        case "video" | "gif":
            return composing.video(file, mimetype=mimetype, gif=kind == "gif", **said)
        case "round":
            return composing.round_video(file, mimetype=mimetype, **said)
        case "audio":
            return composing.audio(file, mimetype=mimetype, seconds=said.get("seconds"))
        case "voice":
            waveform = _waveform(fields)
            return composing.voice(file, mimetype=mimetype, seconds=said.get("seconds"), waveform=waveform)
        case _:
            return composing.sticker(file, mimetype=mimetype, animated=fields.flag("animated"), **said)


def _waveform(fields: Fields) -> bytes | None:
    given = fields.values.get("waveform")
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != _WAVEFORM or not all(one in range(_LOUDEST + 1) for one in given):
        raise BadRequest(f"waveform must be {_WAVEFORM} whole numbers from 0 to {_LOUDEST}.")
    return bytes(given)


def _bytes(fields: Fields, name: str) -> bytes | None:
    try:
        given = fields.optional_text(name)
        return b64decode(given, validate=True) if given is not None else None
    except ValueError as error:
        raise BadRequest(f"{name} must be base64.") from error


def _location(fields: Fields, _: Chat) -> Message:
    latitude, longitude = fields.degrees("latitude", 90), fields.degrees("longitude", 180)
    name, address = fields.optional_text("name"), fields.optional_text("address")
    return composing.location(latitude, longitude, name=name, address=address)


def _live_location(fields: Fields, _: Chat) -> Message:
    latitude, longitude = fields.degrees("latitude", 90), fields.degrees("longitude", 180)
    caption, accuracy = fields.optional_text("caption"), fields.optional_integer("accuracy")
    return composing.live_location(latitude, longitude, caption=caption, accuracy=accuracy)


def _contact(fields: Fields, _: Chat) -> Message:
    given = fields.values.get("contacts")
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise BadRequest("contacts must be a list of objects, of one at least.")
    return composing.contacts([_card(Fields(one)) for one in given])


def _card(fields: Fields) -> tuple[str, str]:
    name, vcard = fields.text("name"), fields.optional_text("vcard")
    return name, vcard or composing.vcard(name, phone_number(fields.text("number")))


def _poll(fields: Fields, _: Chat) -> Message:
    options = fields.texts("options")
    if not 2 <= len(set(options)) == len(options) <= _MOST_OPTIONS:
        raise BadRequest(f"options must be 2 to {_MOST_OPTIONS} different texts.")
    selectable = fields.integer("selectable", default=0, lowest=0, highest=len(options))
    return composing.poll(written(fields, "question"), options, selectable)


def _album(fields: Fields, _: Chat) -> Message:
    images, videos = (fields.integer(name, default=0, lowest=0, highest=100) for name in ("images", "videos"))
    return composing.album(images, videos)


def _group_invite(fields: Fields, _: Chat) -> Message:
    expires_at = fields.integer("expires_at", default=0, lowest=0, highest=1 << 40)
    name, code, caption = fields.text("name"), fields.text("code"), fields.optional_text("caption")
    return composing.group_invite(
        Jid.parse(fields.text("group")), name=name, code=code, expires_at=expires_at, caption=caption
    )


_MEDIA: Final = {
    "image": IMAGE,
    "video": VIDEO,
    "gif": VIDEO,
    "round": VIDEO,
    "audio": AUDIO,
    "voice": AUDIO,
    "sticker": IMAGE,
    "document": DOCUMENT,
}
"""The kinds that have a ``file``, and under which of WhatsApp's kinds it is encrypted."""

_MIMETYPES: Final = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "gif": "video/mp4",
    "round": "video/mp4",
    "audio": "audio/mpeg",
    "voice": "audio/ogg; codecs=opus",
    "sticker": "image/webp",
    "document": "application/octet-stream",
}

_CONTENTS: Final[dict[str, Callable[[Fields, Chat], Message]]] = {
    "text": _text,
    "reply": _text,
    "location": _location,
    "live_location": _live_location,
    "contact": _contact,
    "poll": _poll,
    "album": _album,
    "group_invite": _group_invite,
    "forward": _forward,
}


def _edit(fields: Fields, chat: Chat) -> Outgoing:
    letter, said = chat.own(fields.text("id")), written(fields, "text")
    content = chat.content(letter)
    message = composing.reworded(unwrapped(parse(Message, content.message)), said)
    if not fields.flag("encrypted"):
        return composing.edit(message, chat.key(letter))
    if len(content.secret or b"") != SECRET_SIZE:
        raise BadRequest("id must name a message with a secret.")
    return composing.secret_edit(message, chat.key(letter), author=chat.author(letter), secret=content.secret or b"")


def _vote(fields: Fields, chat: Chat) -> Outgoing:
    letter, options = chat.letter(fields.text("id")), fields.texts("options")
    poll = chat.content(letter)
    if poll.type != "poll" or not poll.secret:
        raise BadRequest("id must name a poll.")
    most = poll.fields["selectable"] or len(poll.fields["options"])
    if not set(options) <= set(poll.fields["options"]) or len(options) > most:
        raise BadRequest(f"options must be {most} of the poll's at most.")
    voter = chat.called(chat.phone)
    return composing.vote(options, chat.key(letter), author=chat.author(letter), voter=voter, secret=poll.secret)


def _pin(fields: Fields, chat: Chat) -> Outgoing:
    seconds = fields.integer("seconds", default=_WEEK_S, lowest=1, highest=30 * 86_400)
    return composing.pin(chat.key(chat.letter(fields.text("id"))), pinned=not fields.flag("undo"), seconds=seconds)


def _timer(fields: Fields, _: Chat) -> Outgoing:
    return composing.timer(fields.integer("seconds", default=0, lowest=0, highest=_LONGEST_TIMER_S))


def _react(fields: Fields, chat: Chat) -> Outgoing:
    return composing.reaction(fields.optional_text("emoji") or "", chat.key(chat.letter(fields.text("id"))))


def _raw(fields: Fields, _: Chat) -> Outgoing:
    try:
        raw = bytes.fromhex(fields.text("message"))
        parse(Empty, raw)
    except ValueError as error:
        raise BadRequest("message must be a protobuf message in hexadecimal.") from error
    return Outgoing(raw)


_CHANGES: Final[dict[str, Callable[[Fields, Chat], Outgoing]]] = {
    "edit": _edit,
    "delete": lambda fields, chat: composing.deletion(chat.key(chat.deletable(fields.text("id")))),
    "react": _react,
    "vote": _vote,
    "pin": _pin,
    "timer": _timer,
    "raw": _raw,
}
