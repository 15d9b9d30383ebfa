"""Curve25519: key pairs, shared secrets, key derivation, and XEdDSA signatures, as raw bytes.

Specification: signal.org/docs/specifications/xeddsa. libsignal differs from it in one point: the sign of the Edwards
key travels in bit 7 of the signature's last byte, so that verifying needs no fixed sign. The signer here makes it 0.
"""

import hashlib
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chalicelib.wire import edwards

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
_NONCE_PREFIX = b"\xfe" + b"\xff" * 31  # keeps the nonce's hash apart from every other hash of the scheme


def sign(private: bytes, message: bytes, *, randomness: bytes | None = None) -> bytes:
    """Sign with a Curve25519 private key; 64 bytes. `randomness` is 64 fresh bytes unless a caller fixes it."""
    scalar, public = _edwards_pair(private)
    noise = secrets.token_bytes(64) if randomness is None else randomness
    nonce = _hash_number(_NONCE_PREFIX + scalar.to_bytes(32, "little") + message + noise)
    commitment = edwards.encoded(edwards.times_base(nonce))
    challenge = _hash_number(commitment + public + message)
    answer = (nonce + challenge * scalar) % edwards.ORDER
    return commitment + answer.to_bytes(32, "little")


def verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is the one of `message` by the owner of the Curve25519 key `public`."""
    if len(public) != KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    u = int.from_bytes(public, "little") & ((1 << 255) - 1)
    if (u + 1) % edwards.PRIME == 0:
        return False
    y = (u - 1) * pow(u + 1, -1, edwards.PRIME) % edwards.PRIME
    sign_bit = signature[-1] & _SIGN_BIT
    point = bytearray(y.to_bytes(32, "little"))
    point[-1] |= sign_bit
    plain = signature[:-1] + bytes([signature[-1] & ~_SIGN_BIT])
    try:
        Ed25519PublicKey.from_public_bytes(bytes(point)).verify(plain, message)
    except InvalidSignature:
        return False
    return True


def _edwards_pair(private: bytes) -> tuple[int, bytes]:
    """The scalar whose Edwards point has sign 0, and that point."""
    clamped = bytearray(private)
    clamped[0] &= 248
    clamped[31] = clamped[31] & 127 | 64
    scalar = int.from_bytes(clamped, "little") % edwards.ORDER
    public = edwards.encoded(edwards.times_base(scalar))
    if public[-1] & _SIGN_BIT:
        scalar = edwards.ORDER - scalar
        public = public[:-1] + bytes([public[-1] & ~_SIGN_BIT])
    return scalar, public


def _hash_number(data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % edwards.ORDER
