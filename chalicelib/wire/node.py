"""Stanzas, WhatsApp's XML-like nodes, and JIDs, the addresses in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

PHONES = "s.whatsapp.net"
LIDS = "lid"
BROADCASTS = "broadcast"
HOSTED = "hosted"
HOSTED_LIDS = "hosted.lid"
MESSENGER = "msgr"
INTEROP = "interop"


class MalformedJid(ValueError):
    """The text is no address."""


@dataclass(frozen=True, slots=True)
class Jid:
    """An address. `device` 0 is the phone itself; an empty `user` stands for the server; `integrator` is interop's."""

    user: str
    server: str
    device: int = 0
    integrator: int = 0

    def __str__(self) -> str:
        """As WhatsApp writes it: `user:device@server`, or the server alone."""
        if not self.user:
            return self.server
        device = f":{self.device}" if self.device else ""
        return f"{self.user}{device}@{self.server}"

    @classmethod
    def parse(cls, text: str) -> "Jid":
        """Read `user@server`, `user:device@server` or a server alone."""
        name, separator, server = text.rpartition("@")
        user, _, device = name.partition(":")
        if not server or (separator and not user) or (device and not device.isdecimal()):
            raise MalformedJid(f"{text!r} is no JID")
        return cls(user, server, int(device or 0))

    def on(self, device: int) -> "Jid":
        """The same account's `device`."""
        return replace(self, device=device)


STATUS = Jid("status", BROADCASTS)
"""Where status updates are sent to, and come from."""
SERVER = Jid("", PHONES)


Attribute = str | Jid


class MissingPart(ValueError):
    """A stanza lacks a child, an attribute or content that its kind must have."""


@dataclass(frozen=True, slots=True)
class Node:
    """A tag with attributes and content.

    Content is bytes, a text (only a client sends one), nodes, or None. No content and an empty list are the same on the
    wire and both read as None. An attribute that is an address must be a `Jid`: the client ignores a text there.
    """

    tag: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    content: "bytes | str | tuple[Node, ...] | None" = None

    @property
    def children(self) -> "tuple[Node, ...]":
        """The nodes inside; none if the content is data."""
        return self.content if isinstance(self.content, tuple) else ()

    def named(self, tag: str) -> "Iterator[Node]":
        """Each child with this tag."""
        return (child for child in self.children if child.tag == tag)

    def find(self, *path: str) -> "Node | None":
        """The first descendant along `path`, if there is one."""
        node: Node | None = self
        for tag in path:
            node = next(node.named(tag), None) if node else None
        return node

    def get(self, *path: str) -> "Node":
        """The first descendant along `path`; MissingPart if there is none."""
        node = self.find(*path)
        if node is None:
            raise MissingPart(f"<{self.tag}> has no {'/'.join(path)}")
        return node

    def text(self, name: str) -> str:
        """An attribute as text; empty if it is absent."""
        return str(self.attributes.get(name, ""))

    def jid(self, name: str) -> Jid:
        """An attribute that must be an address."""
        value = self.attributes.get(name)
        if not isinstance(value, Jid):
            raise MissingPart(f"<{self.tag}> has no address {name}")
        return value

    @property
    def data(self) -> bytes:
        """The content as bytes, whichever way the sender wrote it; MissingPart if it isn't data."""
        if isinstance(self.content, str):
            return self.content.encode()
        if isinstance(self.content, bytes):
            return self.content
        raise MissingPart(f"<{self.tag}> has no data")
