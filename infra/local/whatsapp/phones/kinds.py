"""What a person sends from a phone beside plain texts: replies, edits, deletions, reactions, places, documents."""

from dataclasses import dataclass, field

from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.clock import now_ms
from infra.local.whatsapp.phones.content import written
from infra.local.whatsapp.phones.letters import Letter
from infra.local.whatsapp.protobuf import Message

# waE2E.Message
_LOCATION, _EXTENDED_TEXT, _DOCUMENT, _PROTOCOL, _REACTION, _EDITED = 5, 6, 7, 12, 46, 58
# MessageKey
_CHAT, _FROM_ME, _ID = 1, 2, 3
# ContextInfo
_QUOTED_ID, _QUOTED_AUTHOR, _QUOTED = 1, 2, 3
# ExtendedTextMessage and DocumentMessage
_TEXT, _CONTEXT = 1, 17
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


def reply(said: str, quoted: Letter, *, author: Account) -> Outgoing:
    """A text that quotes a letter of ``author``'s."""
    shown = written(quoted.text) if quoted.text is not None else None
    context = Message.of({_QUOTED_ID: quoted.id, _QUOTED_AUTHOR: str(author.lid_jid), _QUOTED: shown})
    extended = Message.of({_TEXT: said, _CONTEXT: context})
    return Outgoing(Message.of({_EXTENDED_TEXT: extended}).encode(), text=said)


def edit(said: str, letter: Letter, *, chat: Account) -> Outgoing:
    """What one of the phone's own letters says from now on."""
    change = Message.of({_KEY: _key(letter, chat), _TYPE: _MESSAGE_EDIT, _NEW: written(said), _AT: now_ms()})
    wrapped = Message.of({1: Message.of({_PROTOCOL: change})})
    return Outgoing(Message.of({_EDITED: wrapped}).encode(), {"type": "text", "edit": "1"})


def deletion(letter: Letter, *, chat: Account) -> Outgoing:
    """Delete one of the phone's own letters for everybody."""
    change = Message.of({_KEY: _key(letter, chat), _TYPE: _REVOKE})
    return Outgoing(Message.of({_PROTOCOL: change}).encode(), {"type": "text", "edit": "7"})


def reaction(emoji: str, letter: Letter, *, chat: Account) -> Outgoing:
    """React to a letter; an empty ``emoji`` takes the reaction back."""
    reacted = Message.of({1: _key(letter, chat), 2: emoji, 4: now_ms()})
    return Outgoing(Message.of({_REACTION: reacted}).encode(), {"type": "reaction"})


def location(latitude: float, longitude: float, *, name: str | None, address: str | None) -> Outgoing:
    """A place, in degrees."""
    place = Message.of({1: float(latitude), 2: float(longitude), 3: name, 4: address})
    return Outgoing(Message.of({_LOCATION: place}).encode(), {"type": "media", "mediatype": "location"})


def document(file_name: str, *, mimetype: str | None, caption: str | None) -> Outgoing:
    """A document's announcement, without a file behind it: the loopback WhatsApp keeps none."""
    announced = Message.of({2: mimetype or "application/octet-stream", 3: file_name, 5: 0, 8: file_name, 20: caption})
    return Outgoing(Message.of({_DOCUMENT: announced}).encode(), {"type": "media", "mediatype": "document"})


def _key(letter: Letter, chat: Account) -> Message:
    return Message.of({_CHAT: str(chat.lid_jid), _FROM_ME: int(letter.outgoing), _ID: letter.id})
