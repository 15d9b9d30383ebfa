"""The Noise handshake XX_25519_AESGCM_SHA256 from both sides, and the transport's ciphers; no sockets.

A client is the initiator: it says hello, reads the server's hello with the certificates in it, and finishes with its
own static key and payload. The server is the responder.
"""

import hashlib
from dataclasses import dataclass, field

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
    """One handshake as the server plays it: `answer` the client's hello, then `finish`."""

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


@dataclass(frozen=True, slots=True)
class Introduction:
    """What the server's hello holds: its static key, and the certificate chain (encoded) that is to prove the key."""

    key: bytes
    certificates: bytes


@dataclass(frozen=True, slots=True)
class NoiseTransport:
    """A client's ciphers after its handshake, and the last message of the handshake, which is still to be sent."""

    finish: bytes = field(repr=False)
    outgoing: Cipher
    incoming: Cipher


class Initiator:
    """One handshake as a client plays it: `hello`, then `read` the server's, check the certificates, then `finish`."""

    def __init__(self, prologue: bytes, static: KeyPair, ephemeral: KeyPair | None = None) -> None:
        self._state = HandshakeState(prologue)
        self._static = static
        self._ephemeral = ephemeral or KeyPair.generate()
        self._theirs = b""

    def hello(self) -> bytes:
        """The first message; once."""
        self._state.authenticate(self._ephemeral.public)
        hello = HandshakeMessage.ClientHello(ephemeral=self._ephemeral.public)
        return HandshakeMessage(clientHello=hello).SerializeToString()

    def read(self, answer: bytes) -> Introduction:
        """Take the server's hello. It proves nothing until the certificates are checked against the key.

        NoiseFailure or MalformedMessage if the message is another one, or was changed.
        """
        hello = parse(HandshakeMessage, answer).serverHello
        self._theirs = hello.ephemeral
        self._state.authenticate(hello.ephemeral)
        self._state.mix(_shared(self._ephemeral, hello.ephemeral))
        key = self._state.decrypt(hello.static)
        self._state.mix(_shared(self._ephemeral, key))
        return Introduction(key, self._state.decrypt(hello.payload))

    def finish(self, payload: bytes) -> NoiseTransport:
        """Say who the client is; after the message in the result the transport's ciphers serve."""
        static = self._state.encrypt(self._static.public)
        self._state.mix(_shared(self._static, self._theirs))
        finish = HandshakeMessage.ClientFinish(static=static, payload=self._state.encrypt(payload))
        outgoing, incoming = self._state.split()
        return NoiseTransport(HandshakeMessage(clientFinish=finish).SerializeToString(), outgoing, incoming)


def _shared(ours: KeyPair, theirs: bytes) -> bytes:
    if len(theirs) != KEY_SIZE:
        raise NoiseFailure("a key of the wrong length")
    try:
        return ours.shared(theirs)
    except ValueError as error:
        raise NoiseFailure("a key that shares no secret") from error
