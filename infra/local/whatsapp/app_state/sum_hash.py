"""The hash of a whole collection: a sum over its values, whatever their order (LTHash)."""

import struct
from collections.abc import Iterable

from infra.local.whatsapp.keys import derived

SIZE = 128
_WORDS = struct.Struct(f"<{SIZE // 2}H")
EMPTY = bytes(SIZE)


def added(total: bytes, value_macs: Iterable[bytes]) -> bytes:
    """The hash with further values, each by its MAC."""
    words = _WORDS.unpack(total)
    for mac in value_macs:
        grown = _WORDS.unpack(derived(mac, salt=None, info=b"WhatsApp Patch Integrity", size=SIZE))
        words = tuple((a + b) & 0xFFFF for a, b in zip(words, grown, strict=True))
    return _WORDS.pack(*words)
