"""The binary form of stanzas: WhatsApp's binary XML, with its token dictionaries (version 3)."""

import json
import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path

from chalicelib.wire.node import HOSTED, HOSTED_LIDS, INTEROP, LIDS, MESSENGER, PHONES, Attribute, Jid, Node

TABLES = Path(__file__).with_name("tokens.json")
"""The token dictionaries: data of the protocol, generated from the client library."""


class NodeTag(IntEnum):
    """What introduces a value in a binary stanza; lower numbers are words of the single dictionary."""

    LIST_EMPTY = 0
    DICTIONARY_0 = 236
    INTEROP_JID = 245
    FB_JID = 246
    AD_JID = 247
    LIST_8 = 248
    LIST_16 = 249
    JID_PAIR = 250
    HEX_8 = 251
    BINARY_8 = 252
    BINARY_20 = 253
    BINARY_32 = 254
    NIBBLE_8 = 255


NIBBLES = "0123456789-."
HEX_DIGITS = "0123456789ABCDEF"
PACKED_LIMIT = 127  # characters: the count is 7 bits
FILLER = 15  # the second half of an odd text's last byte

AD_DOMAINS = {"s.whatsapp.net": 0, "lid": 1, "hosted": 128, "hosted.lid": 129}
"""The byte that stands for the server in an address with a device."""

COMPRESSED = 2
"""Flag in a stanza's first byte: the rest is zlib."""


@dataclass(frozen=True, slots=True)
class Dictionaries:
    """Words by number and numbers by word. A single token's number is its byte; a double one is (dictionary, byte)."""

    single: tuple[str, ...]
    double: tuple[tuple[str, ...], ...]
    single_number: dict[str, int]
    double_number: dict[str, tuple[int, int]]


@cache
def dictionaries() -> Dictionaries:
    """Read the tables, once per process."""
    content = json.loads(TABLES.read_text(encoding="utf-8"))
    single = tuple(content["single"])
    double = tuple(tuple(dictionary) for dictionary in content["double"])
    return Dictionaries(
        single=single,
        double=double,
        single_number={word: number for number, word in enumerate(single) if word},
        double_number={word: (d, number) for d, words in enumerate(double) for number, word in enumerate(words)},
    )


def encode(node: Node) -> bytes:
    """The stanza with its flag byte, never compressed."""
    return b"\x00" + _node(node)


def _node(node: Node) -> bytes:
    # An absent value must not be counted, and an empty one can't be told from an absent one.
    attributes = {name: value for name, value in node.attributes.items() if value not in ("", None)}
    size = 1 + 2 * len(attributes) + (node.content is not None)
    parts = [_list(size), _text(node.tag)]
    for name, value in attributes.items():
        parts += [_text(name), _attribute(value)]
    if node.content is not None:
        parts.append(_content(node.content))
    return b"".join(parts)


def _content(content: bytes | str | tuple[Node, ...]) -> bytes:
    if isinstance(content, bytes):
        return _binary(content)  # data is never abbreviated: the client reads a token as text
    if isinstance(content, str):
        return _text(content)
    return _list(len(content)) + b"".join(_node(child) for child in content)


def _list(size: int) -> bytes:
    if size == 0:
        return bytes([NodeTag.LIST_EMPTY])
    if size < 256:
        return bytes([NodeTag.LIST_8, size])
    return struct.pack(">BH", NodeTag.LIST_16, size)


def _attribute(value: Attribute) -> bytes:
    return _jid(value) if isinstance(value, Jid) else _text(value)


def _jid(jid: Jid) -> bytes:
    if jid.server in (HOSTED, HOSTED_LIDS) or (jid.device and jid.server in (PHONES, LIDS)):
        return bytes([NodeTag.AD_JID, AD_DOMAINS[jid.server], jid.device]) + _text(jid.user)
    if jid.server == INTEROP:
        numbers = struct.pack(">HH", jid.device, jid.integrator)
        return bytes([NodeTag.INTEROP_JID]) + _text(jid.user) + numbers + _text(jid.server)
    if jid.server == MESSENGER:
        return bytes([NodeTag.FB_JID]) + _text(jid.user) + struct.pack(">H", jid.device) + _text(jid.server)
    user = _text(jid.user) if jid.user else bytes([NodeTag.LIST_EMPTY])
    return bytes([NodeTag.JID_PAIR]) + user + _text(jid.server)


def _text(text: str) -> bytes:
    known = dictionaries()
    if (number := known.single_number.get(text)) is not None:
        return bytes([number])
    if (pair := known.double_number.get(text)) is not None:
        return bytes([NodeTag.DICTIONARY_0 + pair[0], pair[1]])
    if 0 < len(text) <= PACKED_LIMIT:
        if all(character in NIBBLES for character in text):
            return _packed(NodeTag.NIBBLE_8, NIBBLES, text)
        if all(character in HEX_DIGITS for character in text):
            return _packed(NodeTag.HEX_8, HEX_DIGITS, text)
    return _binary(text.encode())


def _packed(tag: int, alphabet: str, text: str) -> bytes:
    halves = [alphabet.index(character) for character in text]
    odd = len(halves) % 2
    if odd:
        halves.append(FILLER)
    pairs = bytes(high << 4 | low for high, low in zip(halves[::2], halves[1::2], strict=True))
    return bytes([tag, len(pairs) | (0x80 if odd else 0)]) + pairs


def _binary(data: bytes) -> bytes:
    if len(data) < 1 << 8:
        return bytes([NodeTag.BINARY_8, len(data)]) + data
    if len(data) < 1 << 20:
        return bytes([NodeTag.BINARY_20]) + len(data).to_bytes(3, "big") + data
    return bytes([NodeTag.BINARY_32]) + len(data).to_bytes(4, "big") + data


DEEPEST = 32
LARGEST = 1 << 24  # bytes of a decompressed stanza
_DOMAINS = {number: server for server, number in AD_DOMAINS.items()}


class MalformedStanza(ValueError):
    """The bytes are no stanza."""


def decode(data: bytes) -> Node:
    """Read one stanza with its flag byte; MalformedStanza if it is cut short, too deep or followed by more."""
    if not data:
        raise MalformedStanza("an empty stanza")
    body = _decompressed(data[1:]) if data[0] & COMPRESSED else data[1:]
    reader = _Reader(body)
    node = reader.node(DEEPEST)
    if reader.at != len(body):
        raise MalformedStanza(f"{len(body) - reader.at} bytes after the stanza")
    return node


def _decompressed(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(data, LARGEST)
    except zlib.error as error:
        raise MalformedStanza("the stanza doesn't decompress") from error
    if not inflater.eof:
        raise MalformedStanza("a compressed stanza is cut short or too large")
    return body


class _Reader:
    """A position in a stanza's bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise MalformedStanza("the stanza ends too early")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def node(self, depth: int) -> Node:
        if depth == 0:
            raise MalformedStanza("the stanza is nested too deep")
        size = self.list_size(self.number(1))
        if not size:
            raise MalformedStanza("a node without a tag")
        tag = self.text()
        attributes: dict[str, Attribute] = {}
        for _ in range((size - 1) // 2):
            name = self.text()
            attributes[name] = self.attribute()
        return Node(tag, attributes, None if size % 2 else self.content(depth - 1))

    def list_size(self, tag: int) -> int | None:
        if tag == NodeTag.LIST_EMPTY:
            return 0
        if tag == NodeTag.LIST_8:
            return self.number(1)
        return self.number(2) if tag == NodeTag.LIST_16 else None

    def content(self, depth: int) -> bytes | str | tuple[Node, ...] | None:
        tag = self.number(1)
        size = self.list_size(tag)
        if size is not None:
            return tuple(self.node(depth) for _ in range(size)) or None
        if tag in (NodeTag.BINARY_8, NodeTag.BINARY_20, NodeTag.BINARY_32):
            return self.binary(tag)
        value = self.value(tag)
        return value if isinstance(value, str) else str(value)

    def text(self) -> str:
        value = self.value(self.number(1))
        if isinstance(value, Jid):
            raise MalformedStanza("an address where a word belongs")
        return value

    def attribute(self) -> Attribute:
        return self.value(self.number(1))

    def value(self, tag: int) -> Attribute:
        """A word or an address; binary data is read as text here."""
        if tag == NodeTag.LIST_EMPTY:
            return ""
        if tag < NodeTag.DICTIONARY_0:
            return dictionaries().single[tag]
        if tag < NodeTag.DICTIONARY_0 + len(dictionaries().double):
            return dictionaries().double[tag - NodeTag.DICTIONARY_0][self.number(1)]
        match tag:
            case NodeTag.BINARY_8 | NodeTag.BINARY_20 | NodeTag.BINARY_32:
                return self.utf8(self.binary(tag))
            case NodeTag.NIBBLE_8:
                return self.packed(NIBBLES)
            case NodeTag.HEX_8:
                return self.packed(HEX_DIGITS)
            case _:
                return self.jid(tag)

    def binary(self, tag: int) -> bytes:
        if tag == NodeTag.BINARY_8:
            return self.take(self.number(1))
        if tag == NodeTag.BINARY_20:
            return self.take(self.number(3) & 0xFFFFF)
        return self.take(self.number(4))

    def utf8(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise MalformedStanza("a word isn't UTF-8") from error

    def packed(self, alphabet: str) -> str:
        count = self.number(1)
        halves = [half for byte in self.take(count & 0x7F) for half in (byte >> 4, byte & 15)]
        if count & 0x80 and halves:
            halves.pop()
        if any(half >= len(alphabet) for half in halves):
            raise MalformedStanza("a packed word holds an unknown character")
        return "".join(alphabet[half] for half in halves)

    def jid(self, tag: int) -> Jid:
        match tag:
            case NodeTag.JID_PAIR:
                user = self.text()
                return Jid(user, self.text())
            case NodeTag.AD_JID:
                domain, device = self.number(1), self.number(1)
                if domain not in _DOMAINS:
                    raise MalformedStanza(f"unknown address domain {domain}")
                return Jid(self.text(), _DOMAINS[domain], device)
            case NodeTag.FB_JID:
                user, device = self.text(), self.number(2)
                return Jid(user, self.server(MESSENGER), device)
            case NodeTag.INTEROP_JID:
                user, device, integrator = self.text(), self.number(2), self.number(2)
                return Jid(user, self.server(INTEROP), device, integrator)
        raise MalformedStanza(f"unknown tag {tag}")

    def server(self, expected: str) -> str:
        server = self.text()
        if server != expected:
            raise MalformedStanza(f"an address of {expected} names another server")
        return server
