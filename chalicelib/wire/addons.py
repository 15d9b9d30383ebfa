"""What is said about a message under that message's secret: votes, reactions, comments, answers to events, and edits.

A message may carry a secret of 32 bytes (``messageContextInfo.messageSecret``). What others say about it is encrypted
in AES-256-GCM, with a key that HKDF-SHA256 grows of the secret under the names of the message, of its author, of who
speaks now, and of the use. All JIDs in it are without a device. Those of one chat are of one kind, LIDs or numbers:
that in which its messages are addressed.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET_SIZE: Final = 32
_IV_SIZE: Final = 12


class Use(StrEnum):
    """What for, in WhatsApp's words."""

    POLL_VOTE = "Poll Vote"
    MESSAGE_EDIT = "Message Edit"
    REACTION = "Enc Reaction"
    COMMENT = "Enc Comment"
    EVENT_RESPONSE = "Event Response"


_BOUND: Final = {Use.POLL_VOTE, Use.EVENT_RESPONSE}
"""The uses whose ciphertext is bound to the message and the speaker by additional data as well."""


class WrongSecret(ValueError):
    """It doesn't open: it was said about another message, by somebody else, or under another secret."""


@dataclass(frozen=True, slots=True)
class AddOn:
    """Who says something about which message. ``author`` and ``speaker`` are JIDs without a device."""

    use: Use
    message_id: str
    author: str
    speaker: str

    def seal(self, secret: bytes, plaintext: bytes) -> tuple[bytes, bytes]:
        """Encrypt; the ciphertext (``encPayload``) and its IV (``encIV``)."""
        iv = secrets.token_bytes(_IV_SIZE)
        return AESGCM(self._key(secret)).encrypt(iv, plaintext, self._bound), iv

    def open(self, secret: bytes, ciphertext: bytes, iv: bytes) -> bytes:
        """Decrypt; WrongSecret if it doesn't open."""
        try:
            return AESGCM(self._key(secret)).decrypt(iv, ciphertext, self._bound)
        except (InvalidTag, ValueError) as error:
            raise WrongSecret(f"this {self.use.lower()} doesn't open") from error

    @property
    def _bound(self) -> bytes | None:
        return f"{self.message_id}\0{self.speaker}".encode() if self.use in _BOUND else None

    def _key(self, secret: bytes) -> bytes:
        info = f"{self.message_id}{self.author}{self.speaker}{self.use}".encode()
        return HKDF(SHA256(), 32, None, info).derive(secret)


def option_hash(name: str) -> bytes:
    """How a vote names an option of its poll."""
    return sha256(name.encode()).digest()
