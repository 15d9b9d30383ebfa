"""Writes stanzas in WhatsApp's binary form."""

import struct

from infra.local.whatsapp import tags
from infra.local.whatsapp.jid import HOSTED, HOSTED_LIDS, INTEROP, LIDS, MESSENGER, PHONES, Jid
from infra.local.whatsapp.node import Attribute, Node
from infra.local.whatsapp.tokens import tokens


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
        return bytes([tags.LIST_EMPTY])
    if size < 256:
        return bytes([tags.LIST_8, size])
    return struct.pack(">BH", tags.LIST_16, size)


def _attribute(value: Attribute) -> bytes:
    return _jid(value) if isinstance(value, Jid) else _text(value)


def _jid(jid: Jid) -> bytes:
    if jid.server in (HOSTED, HOSTED_LIDS) or (jid.device and jid.server in (PHONES, LIDS)):
        return bytes([tags.AD_JID, tags.AD_DOMAINS[jid.server], jid.device]) + _text(jid.user)
    if jid.server == INTEROP:
        numbers = struct.pack(">HH", jid.device, jid.integrator)
        return bytes([tags.INTEROP_JID]) + _text(jid.user) + numbers + _text(jid.server)
    if jid.server == MESSENGER:
        return bytes([tags.FB_JID]) + _text(jid.user) + struct.pack(">H", jid.device) + _text(jid.server)
    user = _text(jid.user) if jid.user else bytes([tags.LIST_EMPTY])
    return bytes([tags.JID_PAIR]) + user + _text(jid.server)


def _text(text: str) -> bytes:
    known = tokens()
    if (number := known.single_number.get(text)) is not None:
        return bytes([number])
    if (pair := known.double_number.get(text)) is not None:
        return bytes([tags.DICTIONARY_0 + pair[0], pair[1]])
    if 0 < len(text) <= tags.PACKED_LIMIT:
        if all(character in tags.NIBBLES for character in text):
            return _packed(tags.NIBBLE_8, tags.NIBBLES, text)
        if all(character in tags.HEX_DIGITS for character in text):
            return _packed(tags.HEX_8, tags.HEX_DIGITS, text)
    return _binary(text.encode())


def _packed(tag: int, alphabet: str, text: str) -> bytes:
    halves = [alphabet.index(character) for character in text]
    odd = len(halves) % 2
    if odd:
        halves.append(tags.FILLER)
    pairs = bytes(high << 4 | low for high, low in zip(halves[::2], halves[1::2], strict=True))
    return bytes([tag, len(pairs) | (0x80 if odd else 0)]) + pairs


def _binary(data: bytes) -> bytes:
    if len(data) < 1 << 8:
        return bytes([tags.BINARY_8, len(data)]) + data
    if len(data) < 1 << 20:
        return bytes([tags.BINARY_20]) + len(data).to_bytes(3, "big") + data
    return bytes([tags.BINARY_32]) + len(data).to_bytes(4, "big") + data
