"""Signal's two messages on the wire, their padding, and why one doesn't open.

SignalFailure
├── Undecryptable   no session fits, or the message was changed
└── Repeated        its key was used before: the message came twice
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from chalicelib.wire.curve25519 import KEY_SIZE, KEY_TYPE
from chalicelib.wire.proto import M, MalformedMessage, parse
from chalicelib.wire.proto.signal_pb2 import PreKeySignalMessage, SignalMessage


class SignalFailure(Exception):
    """A message that doesn't open."""


class Undecryptable(SignalFailure):
    """No session fits, or the message was changed."""


class Repeated(SignalFailure):
    """Its key was used before: the message came twice."""


_MOST = 15


def padded(data: bytes) -> bytes:
    """With 1 to 15 bytes more, each of which says how many they are."""
    count = secrets.randbelow(_MOST) + 1
    return data + bytes([count]) * count


def unpadded(data: bytes) -> bytes:
    """Without them; Undecryptable if there are none."""
    if not data or not 0 < data[-1] <= len(data):
        raise Undecryptable("the message isn't padded")
    return data[: -data[-1]]


VERSION = b"\x33"
"""Version 3, twice: the message's and the highest that its sender speaks."""
MAC_SIZE = 8


@dataclass(frozen=True, slots=True)
class SealedMessage:
    """A message within a session. `signed` is what `mac` covers; `previous` counts the sender's last chain."""

    ratchet_key: bytes
    counter: int
    ciphertext: bytes
    signed: bytes
    mac: bytes

    @classmethod
    def seal(
        cls, *, ratchet_key: bytes, counter: int, previous: int, ciphertext: bytes, mac_key: bytes, parties: bytes
    ) -> "SealedMessage":
        """Make and authenticate one. `parties` are the sender's and the receiver's identity keys, with their types."""
        message = SignalMessage(
            ratchetKey=KEY_TYPE + ratchet_key, counter=counter, previousCounter=previous, ciphertext=ciphertext
        )
        signed = VERSION + message.SerializeToString()
        return cls(ratchet_key, counter, ciphertext, signed, _mac(mac_key, parties, signed))

    @classmethod
    def decode(cls, data: bytes) -> "SealedMessage":
        """Read one; Undecryptable if it is none of this version."""
        signed, mac = data[:-MAC_SIZE], data[-MAC_SIZE:]
        message = body(SignalMessage, signed)
        return cls(typed(message.ratchetKey), message.counter, message.ciphertext, signed, mac)

    def encode(self) -> bytes:
        """Return the message as it is sent, its MAC included."""
        return self.signed + self.mac

    def check(self, mac_key: bytes, parties: bytes) -> None:
        """Undecryptable unless it was made with these keys."""
        if not hmac.compare_digest(self.mac, _mac(mac_key, parties, self.signed)):
            raise Undecryptable("the message was changed, or belongs to another session")


@dataclass(frozen=True, slots=True)
class OfferingMessage:
    """A message to somebody who hasn't answered yet: with it goes what he needs to begin the session.

    `prekey` is None where the bundle had no one-time key left.
    """

    registration: int
    prekey: int | None
    signed_prekey: int
    base: bytes
    identity: bytes
    inner: SealedMessage

    @classmethod
    def decode(cls, data: bytes) -> "OfferingMessage":
        """Read one; Undecryptable if it is none of this version."""
        message = body(PreKeySignalMessage, data)
        return cls(
            message.registrationId,
            message.preKeyId if message.HasField("preKeyId") else None,
            message.signedPreKeyId,
            typed(message.baseKey),
            typed(message.identityKey),
            SealedMessage.decode(message.message),
        )

    def encode(self) -> bytes:
        """Write it."""
        message = PreKeySignalMessage(
            preKeyId=self.prekey,
            baseKey=KEY_TYPE + self.base,
            identityKey=KEY_TYPE + self.identity,
            message=self.inner.encode(),
            registrationId=self.registration,
            signedPreKeyId=self.signed_prekey,
        )
        return VERSION + message.SerializeToString()


def typed(data: bytes) -> bytes:
    """The key behind its type byte; Undecryptable if it isn't Curve25519's."""
    if len(data) != len(KEY_TYPE) + KEY_SIZE or not data.startswith(KEY_TYPE):
        raise Undecryptable("a key in the message is none")
    return data[len(KEY_TYPE) :]


def body(kind: type[M], data: bytes) -> M:
    """The protobuf message behind the version byte; Undecryptable if it is none."""
    if data[:1] != VERSION:
        raise Undecryptable("not a message of Signal's version 3")
    try:
        return parse(kind, data[1:])
    except MalformedMessage as error:
        raise Undecryptable("not a message") from error


def _mac(key: bytes, parties: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, parties + signed, hashlib.sha256)[:MAC_SIZE]
