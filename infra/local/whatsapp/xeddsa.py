"""Signatures with Curve25519 keys, as Signal and WhatsApp make them: XEdDSA with the sign bit inside the signature.

Specification: signal.org/docs/specifications/xeddsa. libsignal differs from it in one point: the sign of the Edwards
key travels in bit 7 of the signature's last byte, so that verifying needs no fixed sign. The signer here makes it 0.
"""

import hashlib
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from infra.local.whatsapp import edwards
from infra.local.whatsapp.keys import KEY_SIZE

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
