"""A message event that protobuf refuses to parse: a hostile sender nested it deeper than anybody needs."""

from typing import Final

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
