"""The content of messages as phones read and write it: texts, replies, edits, reactions, places, documents."""

from dataclasses import dataclass, field

from chalicelib.wire.node import Jid
from chalicelib.wire.protobuf import MalformedMessage, WireMessage
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.phones.letters import Letter

# waE2E.Message
_CONVERSATION, _EXTENDED_TEXT, _PROTOCOL, _SENT_BY_DEVICE, _CONTEXT = 1, 6, 12, 31, 35
# its ExtendedTextMessage
_TEXT = 1
# its DeviceSentMessage
_DESTINATION, _SENT = 1, 2
_WITHOUT_WORDS = {_PROTOCOL, _CONTEXT}


@dataclass(frozen=True, slots=True)
class Content:
    """`text` is None where the message is something else. `destination` is set on a copy of what a device sent.

    `silent` messages are between programs: no person sees them.
    """

    text: str | None = field(repr=False)
    destination: Jid | None = None
    silent: bool = False


def written(text: str) -> WireMessage:
    """A plain text."""
    return WireMessage.of({_CONVERSATION: text})


def copied(message: bytes, destination: Jid) -> WireMessage:
    """The copy of an encoded message that a device sends to its account's other devices."""
    return WireMessage.of({_SENT_BY_DEVICE: WireMessage.of({_DESTINATION: str(destination), _SENT: message})})


def read(data: bytes) -> Content:
    """The content of an opened message; ValueError if it is none."""
    message, destination = WireMessage.decode(data), None
    if message.has(_SENT_BY_DEVICE):
        copy = message.message(_SENT_BY_DEVICE)
        destination = Jid.parse(copy.data(_DESTINATION).decode())
        message = copy.message(_SENT)
    silent = {number for number, _ in message.fields} <= _WITHOUT_WORDS
    return Content(_text(message), destination, silent)


def _text(message: WireMessage) -> str | None:
    extended = message.message(_EXTENDED_TEXT)
    for place, number in ((message, _CONVERSATION), (extended, _TEXT)):
        if place.has(number):
            try:
                return place.data(number).decode()
            except UnicodeDecodeError as error:
                raise MalformedMessage("the text isn't UTF-8") from error
    return None


# waE2E.Message
_LOCATION, _DOCUMENT, _REACTION, _EDITED = 5, 7, 46, 58
# MessageKey
_CHAT, _FROM_ME, _ID, _PARTICIPANT = 1, 2, 3, 4
# ContextInfo
_QUOTED_ID, _QUOTED_AUTHOR, _QUOTED = 1, 2, 3
# ExtendedTextMessage
_QUOTING = 17
# ProtocolMessage
_KEY, _TYPE, _NEW, _AT = 1, 2, 14, 15
_REVOKE, _MESSAGE_EDIT = 0, 14


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send, encoded, and its stanza's attributes: ``type``, and ``edit`` for what changes another."""

    message: bytes = field(repr=False)
    attributes: dict[str, str] = field(default_factory=lambda: {"type": "text"})
    text: str | None = field(default=None, repr=False)


def text(said: str) -> Outgoing:
    """A plain text."""
    return Outgoing(written(said).encode(), text=said)


def reply(said: str, quoted: Letter, *, author: Jid) -> Outgoing:
    """A text that quotes a letter of ``author``'s."""
    shown = written(quoted.text) if quoted.text is not None else None
    context = WireMessage.of({_QUOTED_ID: quoted.id, _QUOTED_AUTHOR: str(author), _QUOTED: shown})
    extended = WireMessage.of({_TEXT: said, _QUOTING: context})
    return Outgoing(WireMessage.of({_EXTENDED_TEXT: extended}).encode(), text=said)


def edit(said: str, letter: Letter, *, chat: Jid) -> Outgoing:
    """What one of the phone's own letters says from now on."""
    change = WireMessage.of({_KEY: _key(letter, chat), _TYPE: _MESSAGE_EDIT, _NEW: written(said), _AT: now_ms()})
    wrapped = WireMessage.of({1: WireMessage.of({_PROTOCOL: change})})
    return Outgoing(WireMessage.of({_EDITED: wrapped}).encode(), {"type": "text", "edit": "1"})


def deletion(letter: Letter, *, chat: Jid, author: Jid | None = None) -> Outgoing:
    """Delete a letter for everybody: one of the phone's own, or in a group, as its admin, one of ``author``'s."""
    change = WireMessage.of({_KEY: _key(letter, chat, author), _TYPE: _REVOKE})
    edit = "7" if letter.outgoing else "8"
    return Outgoing(WireMessage.of({_PROTOCOL: change}).encode(), {"type": "text", "edit": edit})


def reaction(emoji: str, letter: Letter, *, chat: Jid, author: Jid | None = None) -> Outgoing:
    """React to a letter, in a group to one of ``author``'s; an empty ``emoji`` takes the reaction back."""
    reacted = WireMessage.of({1: _key(letter, chat, author), 2: emoji, 4: now_ms()})
    return Outgoing(WireMessage.of({_REACTION: reacted}).encode(), {"type": "reaction"})


def location(latitude: float, longitude: float, *, name: str | None, address: str | None) -> Outgoing:
    """A place, in degrees."""
    place = WireMessage.of({1: float(latitude), 2: float(longitude), 3: name, 4: address})
    return Outgoing(WireMessage.of({_LOCATION: place}).encode(), {"type": "media", "mediatype": "location"})


def document(file_name: str, *, mimetype: str | None, caption: str | None) -> Outgoing:
    """A document's announcement, without a file behind it: the loopback WhatsApp keeps none."""
    announced = WireMessage.of(
        {2: mimetype or "application/octet-stream", 3: file_name, 5: 0, 8: file_name, 20: caption}
    )
    return Outgoing(WireMessage.of({_DOCUMENT: announced}).encode(), {"type": "media", "mediatype": "document"})


def _key(letter: Letter, chat: Jid, author: Jid | None = None) -> WireMessage:
    """The letter's key. ``author`` wrote what came in in a group; elsewhere the chat says who it was."""
    participant = str(author) if author and not letter.outgoing else None
    return WireMessage.of({_CHAT: str(chat), _FROM_ME: int(letter.outgoing), _ID: letter.id, _PARTICIPANT: participant})
