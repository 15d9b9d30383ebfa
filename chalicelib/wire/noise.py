"""The Noise handshake XX_25519_AESGCM_SHA256 as WhatsApp's server plays it, and the transport's ciphers; no sockets."""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chalicelib.wire.curve25519 import KEY_SIZE, KeyPair, derived
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import HandshakeMessage

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


@dataclass(frozen=True, slots=True)
class Finished:
    """A handshake's result. The client's static key is its credential; `payload` says who it is."""

    client_key: bytes
    payload: bytes
    incoming: Cipher
    outgoing: Cipher


class Handshake:
    """One handshake: `answer` the client's hello, then `finish`."""

    def __init__(self, prologue: bytes, static: KeyPair, certificate: bytes) -> None:
        self._state = HandshakeState(prologue)
        self._static = static
        self._certificate = certificate
        self._ephemeral = KeyPair.generate()

    def answer(self, frame: bytes) -> bytes:
        """Take the client's hello and give the server's: its keys and its certificate chain.

        NoiseFailure for a key that is none, MalformedMessage for a frame that is none.
        """
        theirs = parse(HandshakeMessage, frame).clientHello.ephemeral
        state = self._state
        state.authenticate(theirs)
        state.authenticate(self._ephemeral.public)
        state.mix(_shared(self._ephemeral, theirs))
        static = state.encrypt(self._static.public)
        state.mix(_shared(self._static, theirs))
        payload = state.encrypt(self._certificate)
        hello = HandshakeMessage.ServerHello(ephemeral=self._ephemeral.public, static=static, payload=payload)
        return HandshakeMessage(serverHello=hello).SerializeToString()

    def finish(self, frame: bytes) -> Finished:
        """Take the client's last message: from here on the transport's ciphers serve."""
        message = parse(HandshakeMessage, frame).clientFinish
        client_key = self._state.decrypt(message.static)
        self._state.mix(_shared(self._ephemeral, client_key))
        payload = self._state.decrypt(message.payload)
        incoming, outgoing = self._state.split()
        return Finished(client_key, payload, incoming, outgoing)


def _shared(ours: KeyPair, theirs: bytes) -> bytes:
    if len(theirs) != KEY_SIZE:
        raise NoiseFailure("a key of the wrong length")
    try:
        return ours.shared(theirs)
    except ValueError as error:
        raise NoiseFailure("a key that shares no secret") from error
