"""Just enough of the protobuf wire format: messages as numbered fields, without generated classes.

The client library's own classes can't serve here: importing them starts the client.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Value = int | bytes | float
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10  # bytes
_HIGHEST = (1 << 64) - 1


class MalformedMessage(ValueError):
    """The bytes are no protobuf message, or a field isn't what it must be."""


@dataclass(frozen=True, slots=True)
class WireMessage:
    """A message's fields in the order of the wire. Integers are unsigned; texts and messages inside are bytes.

    A float is written as a double. What was read has none: a number of eight bytes is an integer then.
    """

    fields: tuple[tuple[int, Value], ...]

    @classmethod
    def of(cls, fields: "Mapping[int, int | bytes | float | str | WireMessage | None]") -> "WireMessage":
        """Make a message from its fields; None leaves one out."""
        return cls(tuple((number, _plain(value)) for number, value in fields.items() if value is not None))

    @classmethod
    def decode(cls, data: bytes) -> "WireMessage":
        """Read a message; MalformedMessage if it is none."""
        return cls(tuple(_read(data)))

    def encode(self) -> bytes:
        """Write the message."""
        return b"".join(_field(number, value) for number, value in self.fields)

    def number(self, field: int) -> int:
        """The integer in `field`; 0 if absent."""
        value = self._last(field, 0)
        if not isinstance(value, int):
            raise MalformedMessage(f"field {field} isn't a number")
        return value

    def data(self, field: int) -> bytes:
        """The bytes in `field`; empty if absent."""
        value = self._last(field, b"")
        if not isinstance(value, bytes):
            raise MalformedMessage(f"field {field} isn't data")
        return value

    def message(self, field: int) -> "WireMessage":
        """The message in `field`; an empty one if absent."""
        return WireMessage.decode(self.data(field))

    def has(self, field: int) -> bool:
        """Whether `field` is there at all."""
        return any(number == field for number, _ in self.fields)

    def _last(self, field: int, default: Value) -> Value:
        # A repeated singular field counts with its last value, says the format.
        return next((value for number, value in reversed(self.fields) if number == field), default)


def _plain(value: bytes | float | str | WireMessage) -> Value:
    if isinstance(value, WireMessage):
        return value.encode()
    return value.encode() if isinstance(value, str) else value


def _varint(value: int) -> bytes:
    if not 0 <= value <= _HIGHEST:
        raise MalformedMessage(f"{value} doesn't fit 64 bits")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def _field(number: int, value: Value) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | _FIXED64) + struct.pack("<d", value)
    return _varint(number << 3 | _LENGTH) + _varint(len(value)) + value


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for position in range(_LONGEST_VARINT):
        if at >= len(data):
            raise MalformedMessage("the message ends too early")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return value & _HIGHEST, at
    raise MalformedMessage("a number is too long")


def _read(data: bytes) -> Iterator[tuple[int, Value]]:
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        kind = key & 7
        if not key >> 3:
            raise MalformedMessage("field 0 doesn't exist")
        if kind == _VARINT:
            number, at = _read_varint(data, at)
            yield key >> 3, number
            continue
        if kind not in (_FIXED64, _LENGTH, _FIXED32):
            raise MalformedMessage(f"unknown wire type {kind}")
        size, at = _read_varint(data, at) if kind == _LENGTH else ({_FIXED64: 8, _FIXED32: 4}[kind], at)
        if at + size > len(data):
            raise MalformedMessage("the message ends too early")
        chunk = data[at : at + size]
        at += size
        yield key >> 3, chunk if kind == _LENGTH else int.from_bytes(chunk, "little")
