"""Curve25519: key pairs, shared secrets, key derivation, and XEdDSA signatures, as raw bytes.

Specification: signal.org/docs/specifications/xeddsa. libsignal differs from it in one point: the sign of the Edwards
key travels in bit 7 of the signature's last byte, so that verifying needs no fixed sign. The signer here makes it 0.
"""

from dataclasses import dataclass, field

import xeddsa
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


SIGNATURE_SIZE = 64
_SIGN_BIT = 0x80


def sign(private: bytes, message: bytes, *, randomness: bytes | None = None) -> bytes:
    """Sign with a Curve25519 private key; 64 bytes. `randomness` is 64 fresh bytes unless a caller fixes it."""
    return xeddsa.ed25519_priv_sign(xeddsa.priv_force_sign(private, set_sign_bit=False), message, randomness)


def verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is the one of `message` by the owner of the Curve25519 key `public`."""
    if len(public) != KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    sign_bit = bool(signature[-1] & _SIGN_BIT)
    plain = signature[:-1] + bytes([signature[-1] & ~_SIGN_BIT])
    return xeddsa.ed25519_verify(plain, xeddsa.curve25519_pub_to_ed25519_pub(public, sign_bit), message)
