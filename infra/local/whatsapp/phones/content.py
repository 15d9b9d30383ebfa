"""What is inside a message once it is opened: the few kinds of content that phones read and write."""

from dataclasses import dataclass, field

from infra.local.whatsapp.jid import Jid
from infra.local.whatsapp.protobuf import MalformedMessage, Message

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


def written(text: str) -> Message:
    """A plain text."""
    return Message.of({_CONVERSATION: text})


def copied(message: bytes, destination: Jid) -> Message:
    """The copy of an encoded message that a device sends to its account's other devices."""
    return Message.of({_SENT_BY_DEVICE: Message.of({_DESTINATION: str(destination), _SENT: message})})


def read(data: bytes) -> Content:
    """The content of an opened message; ValueError if it is none."""
    message, destination = Message.decode(data), None
    if message.has(_SENT_BY_DEVICE):
        copy = message.message(_SENT_BY_DEVICE)
        destination = Jid.parse(copy.data(_DESTINATION).decode())
        message = copy.message(_SENT)
    silent = {number for number, _ in message.fields} <= _WITHOUT_WORDS
    return Content(_text(message), destination, silent)


def _text(message: Message) -> str | None:
    extended = message.message(_EXTENDED_TEXT)
    for place, number in ((message, _CONVERSATION), (extended, _TEXT)):
        if place.has(number):
            try:
                return place.data(number).decode()
            except UnicodeDecodeError as error:
                raise MalformedMessage("the text isn't UTF-8") from error
    return None
