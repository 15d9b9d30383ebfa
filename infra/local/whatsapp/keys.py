"""Curve25519 key pairs and their shared secrets, as raw 32-byte values."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_SIZE = 32
KEY_TYPE = b"\x05"
"""What precedes a public key wherever Signal signs or stores one: Curve25519."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key and the public key that belongs to it."""

    private: bytes = field(repr=False)
    public: bytes

    @classmethod
    def generate(cls) -> "KeyPair":
        """A new random pair."""
        return cls.from_private(X25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_private(cls, private: bytes) -> "KeyPair":
        """The pair of a private key of 32 bytes."""
        return cls(private, X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw())

    def shared(self, public: bytes) -> bytes:
        """The secret shared with the owner of `public`; ValueError if that key is none."""
        return X25519PrivateKey.from_private_bytes(self.private).exchange(X25519PublicKey.from_public_bytes(public))


def derived(secret: bytes, *, salt: bytes | None, info: bytes, size: int) -> bytes:
    """`size` bytes by HKDF-SHA256."""
    return HKDF(hashes.SHA256(), size, salt, info).derive(secret)
