"""The symmetric chain: one key a message, each made from the one before, none leading back."""

import hashlib
import hmac
from dataclasses import dataclass, field

from infra.local.whatsapp.keys import KEY_SIZE, derived

_SEED, _STEP = b"\x01", b"\x02"
_IV_SIZE = 16


@dataclass(frozen=True, slots=True)
class MessageKeys:
    """What one message is encrypted (AES-256-CBC) and authenticated (HMAC-SHA256) with."""

    cipher: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    @classmethod
    def of(cls, seed: bytes) -> "MessageKeys":
        """The keys that grow from a chain's seed."""
        keys = derived(seed, salt=None, info=b"WhisperMessageKeys", size=2 * KEY_SIZE + _IV_SIZE)
        return cls(keys[:KEY_SIZE], keys[KEY_SIZE : 2 * KEY_SIZE], keys[2 * KEY_SIZE :])


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain at one place: `index` messages have been taken from it."""

    key: bytes = field(repr=False)
    index: int = 0

    @property
    def seed(self) -> bytes:
        """What the next message's keys grow from."""
        return hmac.digest(self.key, _SEED, hashlib.sha256)

    @property
    def following(self) -> "Chain":
        """The chain one message on."""
        return Chain(hmac.digest(self.key, _STEP, hashlib.sha256), self.index + 1)


def ratcheted(root: bytes, shared: bytes) -> tuple[bytes, Chain]:
    """A new root key and the chain it begins, from a fresh shared secret."""
    both = derived(shared, salt=root, info=b"WhisperRatchet", size=2 * KEY_SIZE)
    return both[:KEY_SIZE], Chain(both[KEY_SIZE:])
