"""Reads stanzas from WhatsApp's binary form."""

import zlib

from infra.local.whatsapp import tags
from infra.local.whatsapp.jid import INTEROP, MESSENGER, Jid
from infra.local.whatsapp.node import Attribute, Node
from infra.local.whatsapp.tokens import tokens

DEEPEST = 32
LARGEST = 1 << 24  # bytes of a decompressed stanza
_DOMAINS = {number: server for server, number in tags.AD_DOMAINS.items()}


class MalformedStanza(ValueError):
    """The bytes are no stanza."""


def decode(data: bytes) -> Node:
    """Read one stanza with its flag byte; MalformedStanza if it is cut short, too deep or followed by more."""
    if not data:
        raise MalformedStanza("an empty stanza")
    body = _decompressed(data[1:]) if data[0] & tags.COMPRESSED else data[1:]
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
        if tag == tags.LIST_EMPTY:
            return 0
        if tag == tags.LIST_8:
            return self.number(1)
        return self.number(2) if tag == tags.LIST_16 else None

    def content(self, depth: int) -> bytes | str | tuple[Node, ...] | None:
        tag = self.number(1)
        size = self.list_size(tag)
        if size is not None:
            return tuple(self.node(depth) for _ in range(size)) or None
        if tag in (tags.BINARY_8, tags.BINARY_20, tags.BINARY_32):
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
        if tag == tags.LIST_EMPTY:
            return ""
        if tag < tags.DICTIONARY_0:
            return tokens().single[tag]
        if tag < tags.DICTIONARY_0 + len(tokens().double):
            return tokens().double[tag - tags.DICTIONARY_0][self.number(1)]
        match tag:
            case tags.BINARY_8 | tags.BINARY_20 | tags.BINARY_32:
                return self.utf8(self.binary(tag))
            case tags.NIBBLE_8:
                return self.packed(tags.NIBBLES)
            case tags.HEX_8:
                return self.packed(tags.HEX_DIGITS)
            case _:
                return self.jid(tag)

    def binary(self, tag: int) -> bytes:
        if tag == tags.BINARY_8:
            return self.take(self.number(1))
        if tag == tags.BINARY_20:
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
            case tags.JID_PAIR:
                user = self.text()
                return Jid(user, self.text())
            case tags.AD_JID:
                domain, device = self.number(1), self.number(1)
                if domain not in _DOMAINS:
                    raise MalformedStanza(f"unknown address domain {domain}")
                return Jid(self.text(), _DOMAINS[domain], device)
            case tags.FB_JID:
                user, device = self.text(), self.number(2)
                return Jid(user, self.server(MESSENGER), device)
            case tags.INTEROP_JID:
                user, device, integrator = self.text(), self.number(2), self.number(2)
                return Jid(user, self.server(INTEROP), device, integrator)
        raise MalformedStanza(f"unknown tag {tag}")

    def server(self, expected: str) -> str:
        server = self.text()
        if server != expected:
            raise MalformedStanza(f"an address of {expected} names another server")
        return server
