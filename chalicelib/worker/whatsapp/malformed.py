"""Events that protobuf can't parse whole: texts that aren't UTF-8, and messages that are nested too deep.

protobuf gives such a text as bytes, where everything that reads it counts on a str.
"""

from typing import Any, Final


def make_readable(message: Any) -> None:
    """Put U+FFFD in the place of what isn't UTF-8, in all texts of a protobuf message and of those within it."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_STRING:
            _read(message, field, value)
        elif field.type in {field.TYPE_MESSAGE, field.TYPE_GROUP}:
            for one in _messages(field, value):
                make_readable(one)


def _read(message: Any, field: Any, value: Any) -> None:
    if isinstance(value, bytes):
        setattr(message, field.name, _text(value))
    elif not isinstance(value, str) and any(isinstance(one, bytes) for one in value):
        value[:] = [_text(one) for one in value]


def _messages(field: Any, value: Any) -> Any:
    if field.message_type.GetOptions().map_entry:
        return ()
    return value if field.is_repeated else (value,)


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


_INFO: Final = 0x0A
"""The tag of the first field, ``Info``: the library writes fields in the order of their numbers."""
_LONGEST: Final = 5
"""Bytes of a length of up to 4 GB."""


def info_of(event: bytes) -> bytes | None:
    """Return the encoded MessageInfo that an encoded MessageEv begins with; None if it doesn't begin with one."""
    if event[:1] != bytes([_INFO]):
        return None
    length = 0
    for place, byte in enumerate(event[1 : 1 + _LONGEST]):
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            begin = 2 + place
            return event[begin : begin + length] if begin + length <= len(event) else None
    return None
