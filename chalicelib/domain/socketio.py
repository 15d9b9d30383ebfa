"""Socket.IO 5, spoken inside Engine.IO's messages: connecting to a namespace, events, acknowledgements.

Facts from the Socket.IO protocol's revision 5: ``<kind>[<attachments>-][<namespace>,][<ack id>][<JSON>]``, the main
namespace ``/`` left out. Binary packets are not taken: nothing here sends or wants any.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from chalicelib.domain.engineio import Kind as Engine
from chalicelib.domain.engineio import Malformed, Packet, encode
from chalicelib.reading import BadJson, parse_json

MAIN: Final = "/"
_FORM: Final = re.compile(r"(?P<kind>[0-4])(?:(?P<namespace>/[^,]{0,100}),)?(?P<ack>\d{1,15})?(?P<json>.*)", re.DOTALL)


class Kind(StrEnum):
    """The kinds of packets, but for the binary ones."""

    CONNECT = "0"
    DISCONNECT = "1"
    EVENT = "2"
    ACK = "3"
    CONNECT_ERROR = "4"


@dataclass(frozen=True, slots=True)
class Said:
    """One packet. ``ack`` numbers an event that wants an answer, or the answer; ``data`` is JSON, None for none."""

    kind: Kind
    data: Any = None
    ack: int | None = None
    namespace: str = MAIN


def frame(said: Said) -> str:
    """Return the packet as an Engine.IO frame."""
    namespace = "" if said.namespace == MAIN else f"{said.namespace},"
    ack = "" if said.ack is None else str(said.ack)
    data = "" if said.data is None else json.dumps(said.data, ensure_ascii=False, separators=(",", ":"))
    return encode(Packet(Engine.MESSAGE, f"{said.kind}{namespace}{ack}{data}"))


def emitted(event: str, *values: Any) -> str:
    """Return the frame of a server's event."""
    return frame(Said(Kind.EVENT, [event, *values]))


def parse(text: str) -> Said:
    """Return the packet in an Engine.IO message's data; raises Malformed."""
    found = _FORM.fullmatch(text)
    if not found:
        raise Malformed("It isn't a Socket.IO packet, or a binary one.")
    kind, ack = Kind(found["kind"]), found["ack"]
    data = _data(found["json"])
    if kind in {Kind.EVENT, Kind.ACK} and not isinstance(data, list):
        raise Malformed("An event's data is a list.")
    if kind is Kind.EVENT and not (data and isinstance(data[0], str)):
        raise Malformed("An event begins with its name.")
    return Said(kind, data, int(ack) if ack else None, found["namespace"] or MAIN)


def _data(text: str) -> Any:
    try:
        return parse_json(text) if text else None
    except BadJson as error:
        raise Malformed(f"A packet's data is JSON. {error}") from None
