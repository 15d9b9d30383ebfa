"""Engine.IO 4, the transport under Socket.IO: packets, one a WebSocket frame, several in the body of a poll.

Facts from the Engine.IO protocol's revision 4: a packet is a digit and its data; packets in one HTTP body are separated
by the record separator; a client sends no ping, it answers the server's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.reading import is_text

SEPARATOR: Final = "\x1e"
PROBE: Final = "probe"
PING_INTERVAL: Final = 480_000
"""Milliseconds between two pings.

Below the ten minutes after which API Gateway ends an idle connection, and so far apart that a connection's two hours
take no more than the sixteen rounds of a queue that AWS lets a function go.
"""
PING_TIMEOUT: Final = 60_000
"""Milliseconds that a client waits longer than that for a ping, before it takes the server for lost."""
MAX_PAYLOAD: Final = 100_000
"""Characters that a client may send at once; below what API Gateway takes."""
MOST_PACKETS: Final = 32
"""Packets that a client may send at once."""


class Malformed(ValueError):
    """What a client sent is no packet."""


class Kind(StrEnum):
    """The kinds of packets."""

    OPEN = "0"
    CLOSE = "1"
    PING = "2"
    PONG = "3"
    MESSAGE = "4"
    UPGRADE = "5"
    NOOP = "6"


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; only text is carried."""

    kind: Kind
    data: str = ""


def encode(packet: Packet) -> str:
    """Return the packet as a frame."""
    return f"{packet.kind}{packet.data}"


def decode(text: str) -> Packet:
    """Return the packet that a frame is; raises Malformed, also for the base64 form of binary ones (``b…``)."""
    if not is_text(text):
        raise Malformed("A packet is text.")
    try:
        return Packet(Kind(text[:1]), text[1:])
    except ValueError:
        raise Malformed("It isn't an Engine.IO packet.") from None


def join(frames: Sequence[str]) -> str:
    """Return frames as one HTTP body."""
    return SEPARATOR.join(frames)


def split(body: str) -> list[Packet]:
    """Return the packets of an HTTP body; raises Malformed, also where there are too many or it is too long."""
    if len(body) > MAX_PAYLOAD:
        raise Malformed(f"More than {MAX_PAYLOAD} characters came at once.")
    frames = body.split(SEPARATOR)
    if len(frames) > MOST_PACKETS:
        raise Malformed(f"More than {MOST_PACKETS} packets came at once.")
    return [decode(frame) for frame in frames]
