"""WhatsApp's protobuf messages, as far as this project reads and writes them.

The ``.proto`` files have WhatsApp's own names, numbers and types; ``make proto`` makes the classes from them.
They are in a package of their own (``switchboard.wire``): a process may load the client library's classes beside them.
All fields know whether they are set; fields that these files don't name are kept, and written again.
"""

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

M = TypeVar("M", bound=Message)


class MalformedMessage(ValueError):
    """The bytes are no message of that type, or one isn't what it must be."""


def parse(kind: type[M], data: bytes) -> M:
    """Read a message.

    MalformedMessage if the bytes are none, a text isn't UTF-8, a required field is missing, or messages are nested more
    than 100 deep.
    """
    try:
        message = kind.FromString(data)
    except DecodeError as error:
        raise MalformedMessage(f"not a {kind.__name__}") from error
    if not message.IsInitialized():
        raise MalformedMessage(f"a {kind.__name__} without a field that it must have")
    return message
