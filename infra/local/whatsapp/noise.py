"""The symmetric half of the Noise protocol XX_25519_AESGCM_SHA256: the running hash, the mixed key, the transport."""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.local.whatsapp.keys import KEY_SIZE, derived

PROTOCOL = b"Noise_XX_25519_AESGCM_SHA256\0\0\0\0"
"""The protocol's name, padded to exactly one hash length, which is why it isn't hashed."""


class NoiseFailure(Exception):
    """The other side doesn't have the keys it claims, or a message was changed, lost or repeated."""


class Cipher:
    """AES-256-GCM under one key with a counting nonce: 8 zero bytes, then the count as 4 bytes."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._count = 0

    def _nonce(self) -> bytes:
        nonce = bytes(8) + self._count.to_bytes(4, "big")
        self._count += 1
        return nonce

    def encrypt(self, plaintext: bytes, associated: bytes = b"") -> bytes:
        """Encrypt the next message."""
        return self._aead.encrypt(self._nonce(), plaintext, associated)

    def decrypt(self, ciphertext: bytes, associated: bytes = b"") -> bytes:
        """Decrypt the next message; NoiseFailure if it isn't the next one under this key."""
        try:
            return self._aead.decrypt(self._nonce(), ciphertext, associated)
        except (InvalidTag, ValueError) as error:
            raise NoiseFailure("a message doesn't decrypt") from error


class HandshakeState:
    """What both sides of a handshake compute alike, step by step."""

    def __init__(self, prologue: bytes) -> None:
        self._hash = PROTOCOL
        self._salt = PROTOCOL
        self._cipher = Cipher(PROTOCOL)
        self.authenticate(prologue)

    def authenticate(self, data: bytes) -> None:
        """Take data that both sides have seen into the hash."""
        self._hash = hashlib.sha256(self._hash + data).digest()

    def mix(self, shared: bytes) -> None:
        """Take a shared secret into the key."""
        both = derived(shared, salt=self._salt, info=b"", size=2 * KEY_SIZE)
        self._salt = both[:KEY_SIZE]
        self._cipher = Cipher(both[KEY_SIZE:])

    def encrypt(self, plaintext: bytes) -> bytes:
        """Encrypt under the present key, bound to everything seen so far."""
        ciphertext = self._cipher.encrypt(plaintext, self._hash)
        self.authenticate(ciphertext)
        return ciphertext

    def decrypt(self, ciphertext: bytes) -> bytes:
        """The reverse of `encrypt`; NoiseFailure if keys or history differ."""
        plaintext = self._cipher.decrypt(ciphertext, self._hash)
        self.authenticate(ciphertext)
        return plaintext

    def split(self) -> tuple[Cipher, Cipher]:
        """The transport's ciphers: the initiator's to the responder, then the other way."""
        both = derived(b"", salt=self._salt, info=b"", size=2 * KEY_SIZE)
        return Cipher(both[:KEY_SIZE]), Cipher(both[KEY_SIZE:])
