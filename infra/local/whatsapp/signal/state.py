"""One side of a session at one moment, as plain values."""

from dataclasses import dataclass, field

from infra.local.whatsapp.keys import KeyPair
from infra.local.whatsapp.signal.chain import Chain


@dataclass(frozen=True, slots=True)
class Sending:
    """The chain that we send on, and the ratchet key that names it."""

    key: KeyPair
    chain: Chain


@dataclass(frozen=True, slots=True)
class Receiving:
    """A chain of the other side's. `skipped` holds the seeds of messages not seen yet, by their place."""

    key: bytes
    chain: Chain
    skipped: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """What goes with each message until the other side answers: which of its keys we began with."""

    prekey: int | None
    signed_prekey: int


@dataclass(frozen=True, slots=True)
class State:
    """`base` is the key that its beginner made for it, and its name. `previous` counts our last chain's messages.

    The newest receiving chain comes first.
    """

    ours: bytes
    theirs: bytes
    base: bytes
    root: bytes = field(repr=False)
    sending: Sending
    receiving: tuple[Receiving, ...] = ()
    previous: int = 0
    offer: Offer | None = None
