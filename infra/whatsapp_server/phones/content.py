"""The content of messages as phones read and write it: texts, replies, edits, reactions, places, documents."""

from dataclasses import dataclass, field
from typing import Final

from google.protobuf.unknown_fields import UnknownFieldSet

from chalicelib.wire.node import Jid
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.message_pb2 import (
    ContextInfo,
    DocumentMessage,
    ExtendedTextMessage,
    FutureProofMessage,
    LocationMessage,
    Message,
    MessageKey,
    OpaqueDeviceSentMessage,
    OpaqueMessage,
    ProtocolMessage,
    ReactionMessage,
)
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.phones.letters import Letter

_WITHOUT_WORDS: Final = {"senderKeyDistributionMessage", "protocolMessage", "messageContextInfo"}


@dataclass(frozen=True, slots=True)
class Content:
    """`text` is None where the message is something else. `destination` is set on a copy of what a device sent.

    `silent` messages are between programs: no person sees them.
    """

    text: str | None = field(repr=False)
    destination: Jid | None = None
    silent: bool = False


def copied(message: bytes, destination: Jid) -> bytes:
    """The copy of an encoded message that a device sends to its account's other devices, encoded."""
    copy = OpaqueDeviceSentMessage(destinationJID=str(destination), message=message)
    return OpaqueMessage(deviceSentMessage=copy).SerializeToString()


def read(data: bytes) -> Content:
    """The content of an opened message; ValueError if it is none."""
    message, destination = parse(Message, data), None
    if message.HasField("deviceSentMessage"):
        copy = message.deviceSentMessage
        destination = Jid.parse(copy.destinationJID)
        message = copy.message
    fields = {descriptor.name for descriptor, _ in message.ListFields()}
    silent = fields <= _WITHOUT_WORDS and not len(UnknownFieldSet(message))
    return Content(_text(message), destination, silent)


def _text(message: Message) -> str | None:
    if message.HasField("conversation"):
        return message.conversation
    extended = message.extendedTextMessage
    return extended.text if extended.HasField("text") else None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send, encoded, and its stanza's attributes: ``type``, and ``edit`` for what changes another."""

    message: bytes = field(repr=False)
    attributes: dict[str, str] = field(default_factory=lambda: {"type": "text"})
    text: str | None = field(default=None, repr=False)


def text(said: str) -> Outgoing:
    """A plain text."""
    return Outgoing(Message(conversation=said).SerializeToString(), text=said)


def reply(said: str, quoted: Letter, *, author: Jid) -> Outgoing:
    """A text that quotes a letter of ``author``'s."""
    shown = Message(conversation=quoted.text) if quoted.text is not None else None
    context = ContextInfo(stanzaID=quoted.id, participant=str(author), quotedMessage=shown)
    extended = ExtendedTextMessage(text=said, contextInfo=context)
    return Outgoing(Message(extendedTextMessage=extended).SerializeToString(), text=said)


def edit(said: str, letter: Letter, *, chat: Jid) -> Outgoing:
    """What one of the phone's own letters says from now on."""
    change = ProtocolMessage(
        key=_key(letter, chat),
        type=ProtocolMessage.MESSAGE_EDIT,
        editedMessage=Message(conversation=said),
        timestampMS=now_ms(),
    )
    wrapped = FutureProofMessage(message=Message(protocolMessage=change))
    return Outgoing(Message(editedMessage=wrapped).SerializeToString(), {"type": "text", "edit": "1"})


def deletion(letter: Letter, *, chat: Jid, author: Jid | None = None) -> Outgoing:
    """Delete a letter for everybody: one of the phone's own, or in a group, as its admin, one of ``author``'s."""
    change = ProtocolMessage(key=_key(letter, chat, author), type=ProtocolMessage.REVOKE)
    edit = "7" if letter.outgoing else "8"
    return Outgoing(Message(protocolMessage=change).SerializeToString(), {"type": "text", "edit": edit})


def reaction(emoji: str, letter: Letter, *, chat: Jid, author: Jid | None = None) -> Outgoing:
    """React to a letter, in a group to one of ``author``'s; an empty ``emoji`` takes the reaction back."""
    reacted = ReactionMessage(key=_key(letter, chat, author), text=emoji, senderTimestampMS=now_ms())
    return Outgoing(Message(reactionMessage=reacted).SerializeToString(), {"type": "reaction"})


def location(latitude: float, longitude: float, *, name: str | None, address: str | None) -> Outgoing:
    """A place, in degrees."""
    place = LocationMessage(degreesLatitude=latitude, degreesLongitude=longitude, name=name, address=address)
    return Outgoing(Message(locationMessage=place).SerializeToString(), {"type": "media", "mediatype": "location"})


def document(file_name: str, *, mimetype: str | None, caption: str | None) -> Outgoing:
    """A document's announcement, without a file behind it: the loopback WhatsApp keeps none."""
    announced = DocumentMessage(
        mimetype=mimetype or "application/octet-stream",
        title=file_name,
        fileLength=0,
        fileName=file_name,
        caption=caption,
    )
    return Outgoing(Message(documentMessage=announced).SerializeToString(), {"type": "media", "mediatype": "document"})


def _key(letter: Letter, chat: Jid, author: Jid | None = None) -> MessageKey:
    """The letter's key. ``author`` wrote what came in in a group; elsewhere the chat says who it was."""
    participant = str(author) if author and not letter.outgoing else None
    return MessageKey(remoteJID=str(chat), fromMe=letter.outgoing, ID=letter.id, participant=participant)
