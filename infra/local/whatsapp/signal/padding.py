"""What WhatsApp adds to each message's end before it is encrypted, so that lengths tell less."""

import secrets

from infra.local.whatsapp.signal.failures import Undecryptable

_MOST = 15


def padded(data: bytes) -> bytes:
    """With 1 to 15 bytes more, each of which says how many they are."""
    count = secrets.randbelow(_MOST) + 1
    return data + bytes([count]) * count


def unpadded(data: bytes) -> bytes:
    """Without them; Undecryptable if there are none."""
    if not data or not 0 < data[-1] <= len(data):
        raise Undecryptable("the message isn't padded")
    return data[: -data[-1]]
