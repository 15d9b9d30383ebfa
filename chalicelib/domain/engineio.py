"""Engine.IO 4, the transport under Socket.IO, and Socket.IO 5, spoken inside Engine.IO's messages.

Facts from the Engine.IO protocol's revision 4: a packet is a digit and its data; packets in one HTTP body are separated
by the record separator; a client sends no ping, it answers the server's.

Facts from the Socket.IO protocol's revision 5: ``<kind>[<attachments>-][<namespace>,][<ack id>][<JSON>]``, the main
namespace ``/`` left out. Binary packets are not taken: nothing here sends or wants any.
"""

import json
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from chalicelib.reading import BadJson, is_text, parse_json

SEPARATOR: Final = "\x1e"
PROBE: Final = "probe"
PING_INTERVAL: Final = 480_000
"""Milliseconds between two pings.

Below the ten minutes after which API Gateway ends an idle connection, and so far apart that a connection's two hours
take no more than the sixteen rounds of a queue that AWS lets a function go.
"""
PING_TIMEOUT: Final = 60_000
"""Milliseconds beyond ``PING_INTERVAL`` after which a client without a ping takes the server for lost."""
MAX_PAYLOAD: Final = 100_000
"""Characters that a client may send at once; below what API Gateway takes."""
MOST_PACKETS: Final = 32
"""Packets that a client may send at once."""


class Malformed(ValueError):
    """A client sent something that is no packet."""


class PacketType(StrEnum):
    """The kinds of packets."""

    OPEN = "0"
    CLOSE = "1"
    PING = "2"
    PONG = "3"
    MESSAGE = "4"
    UPGRADE = "5"
    NOOP = "6"


class Packet(Struct, frozen=True):
    """One packet; only text is carried."""

    kind: PacketType
    data: str = ""


def encode(packet: Packet) -> str:
    """Return the packet as a frame."""
    return f"{packet.kind}{packet.data}"


def decode(text: str) -> Packet:
    """Return the packet that a frame is; raises Malformed, also for the base64 form of binary ones (``b…``)."""
    if not is_text(text):
        raise Malformed("A packet is text.")
    try:
        return Packet(PacketType(text[:1]), text[1:])
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


MAIN: Final = "/"
_FORM: Final = re.compile(r"(?P<kind>[0-4])(?:(?P<namespace>/[^,]{0,100}),)?(?P<ack>\d{1,15})?(?P<json>.*)", re.DOTALL)


class SocketPacketType(StrEnum):
    """The kinds of packets, but for the binary ones."""

    CONNECT = "0"
    DISCONNECT = "1"
    EVENT = "2"
    ACK = "3"
    CONNECT_ERROR = "4"


class SocketPacket(Struct, frozen=True):
    """One packet. ``ack`` numbers an event that wants an answer, or the answer; ``data`` is JSON, None for none."""

    kind: SocketPacketType
    data: Any = None
    ack: int | None = None
    namespace: str = MAIN


def frame(said: SocketPacket) -> str:
    """Return the packet as an Engine.IO frame."""
    namespace = "" if said.namespace == MAIN else f"{said.namespace},"
    ack = "" if said.ack is None else str(said.ack)
    data = "" if said.data is None else json.dumps(said.data, ensure_ascii=False, separators=(",", ":"))
    return encode(Packet(PacketType.MESSAGE, f"{said.kind}{namespace}{ack}{data}"))


def emitted(event: str, *values: Any) -> str:
    """Return the frame of a server's event."""
    return frame(SocketPacket(SocketPacketType.EVENT, [event, *values]))


def parse(text: str) -> SocketPacket:
    """Return the packet in an Engine.IO message's data; raises Malformed."""
    found = _FORM.fullmatch(text)
    if not found:
        raise Malformed("It isn't a Socket.IO packet, or a binary one.")
    kind, ack = SocketPacketType(found["kind"]), found["ack"]
    data = _data(found["json"])
    if kind in {SocketPacketType.EVENT, SocketPacketType.ACK} and not isinstance(data, list):
        raise Malformed("An event's data is a list.")
    if kind is SocketPacketType.EVENT and not (data and isinstance(data[0], str)):
        raise Malformed("An event begins with its name.")
    return SocketPacket(kind, data, int(ack) if ack else None, found["namespace"] or MAIN)


def _data(text: str) -> Any:
    try:
        return parse_json(text) if text else None
    except BadJson as error:
        raise Malformed(f"A packet's data is JSON. {error}") from None
