"""Texts that aren't UTF-8, in what the library hands over: a hostile sender, or a broken one, wrote them.

protobuf gives such a text as bytes, where everything that reads it counts on a str.
"""

from typing import Any


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
