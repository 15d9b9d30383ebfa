"""Sender keys: a group's messages, each encrypted once by its sender for all members.

A member makes a chain and a signing key, and gives both to every device of the group, each under the session with it
(a *distribution*). Every message takes a key from the chain and is signed; who got the distribution at some place of
the chain opens what comes from there on. There is no ratchet back: once a member leaves, the others need new keys.
"""

import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.wire.curve25519 import KEY_SIZE, KEY_TYPE, SIGNATURE_SIZE, KeyPair, derived, sign, verified
from chalicelib.wire.proto.signal_pb2 import SenderKeyDistribution, SenderKeyMessage
from infra.whatsapp_server.signal.messages import VERSION, Undecryptable, body, typed
from infra.whatsapp_server.signal.ratchet import Chain, decrypted, encrypted, key_at

_HIGHEST_ID = 0x7FFFFFFF
_MOST_STATES = 5
_IV_SIZE = 16


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a member's device must know to open another's messages from one place of the chain on."""

    id: int
    chain: Chain
    signing: bytes

    @classmethod
    def decode(cls, data: bytes) -> "Distribution":
        """Read one; Undecryptable if it is none of this version."""
        message = body(SenderKeyDistribution, data)
        if len(message.chainKey) != KEY_SIZE:
            raise Undecryptable("the chain's key is none")
        return cls(message.id, Chain(message.chainKey, message.iteration), typed(message.signingKey))

    def encode(self) -> bytes:
        """Write it."""
        message = SenderKeyDistribution(
            id=self.id, iteration=self.chain.index, chainKey=self.chain.key, signingKey=KEY_TYPE + self.signing
        )
        return VERSION + message.SerializeToString()


@dataclass(frozen=True, slots=True)
class SenderKey:
    """A member's own key for one group."""

    id: int
    chain: Chain
    signing: KeyPair

    @classmethod
    def generate(cls) -> "SenderKey":
        """A new one."""
        return cls(secrets.randbelow(_HIGHEST_ID), Chain(secrets.token_bytes(KEY_SIZE)), KeyPair.generate())

    @property
    def distribution(self) -> Distribution:
        """What opens the messages that come next."""
        return Distribution(self.id, self.chain, self.signing.public)

    def encrypt(self, plaintext: bytes) -> tuple["SenderKey", bytes]:
        """Seal and sign the next message."""
        cipher, iv = _keys(self.chain.seed)
        message = SenderKeyMessage(
            id=self.id, iteration=self.chain.index, ciphertext=encrypted(cipher, iv, plaintext)
        ).SerializeToString()
        signed = VERSION + message
        return replace(self, chain=self.chain.following), signed + sign(self.signing.private, signed)


@dataclass(frozen=True, slots=True)
class ReceivedKey:
    """Another member's key. `skipped` holds the seeds of messages not seen yet, by their place in the chain."""

    id: int
    chain: Chain
    signing: bytes
    skipped: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class ReceivedKeys:
    """The keys that one device gave us for one group, the newest first."""

    keys: tuple[ReceivedKey, ...] = ()

    def accept(self, given: Distribution) -> "ReceivedKeys":
        """Return the keys with the one that was distributed.

        A known key stays as it is: its chain begins earlier, so it opens more messages.
        """
        if any((one.id, one.signing) == (given.id, given.signing) for one in self.keys):
            return self
        key = ReceivedKey(given.id, given.chain, given.signing)
        return ReceivedKeys((key, *self.keys[: _MOST_STATES - 1]))

    def decrypt(self, data: bytes) -> tuple["ReceivedKeys", bytes]:
        """Open a message, in whatever order it comes; Repeated or Undecryptable if it can't be."""
        signed, signature = data[:-SIGNATURE_SIZE], data[-SIGNATURE_SIZE:]
        message = body(SenderKeyMessage, signed)
        key = next((one for one in self.keys if one.id == message.id), None)
        if key is None:
            raise Undecryptable("the sender's key for the group isn't known")
        if not verified(key.signing, signed, signature):
            raise Undecryptable("the message isn't the sender's, or was changed")
        chain, skipped, seed = key_at(key.chain, key.skipped, message.iteration)
        plaintext = decrypted(*_keys(seed), message.ciphertext)
        advanced = replace(key, chain=chain, skipped=skipped)
        return ReceivedKeys(tuple(advanced if one is key else one for one in self.keys)), plaintext


def _keys(seed: bytes) -> tuple[bytes, bytes]:
    """What one message is encrypted with: the key and the initial vector."""
    both = derived(seed, salt=None, info=b"WhisperGroup", size=_IV_SIZE + KEY_SIZE)
    return both[_IV_SIZE:], both[:_IV_SIZE]


def own_to_record(key: SenderKey) -> str:
    """What is stored of a member's own key."""
    return json.dumps([key.id, key.chain.index, _text(key.chain.key), _text(key.signing.private)])


def own_from_record(text: str) -> SenderKey:
    """The key of a record that `own_to_record` made."""
    name, index, chain, signing = json.loads(text)
    return SenderKey(name, Chain(b64decode(chain), index), KeyPair.from_private(b64decode(signing)))


def to_record(keys: ReceivedKeys) -> str:
    """What is stored of another device's keys."""
    return json.dumps([_key_record(key) for key in keys.keys], separators=(",", ":"))


def from_record(text: str) -> ReceivedKeys:
    """The keys of a record that `to_record` made."""
    return ReceivedKeys(
        tuple(
            ReceivedKey(
                name,
                Chain(b64decode(chain), index),
                b64decode(signing),
                tuple((place, b64decode(seed)) for place, seed in skipped),
            )
            for name, index, chain, signing, skipped in json.loads(text)
        )
    )


def _key_record(key: ReceivedKey) -> list[Any]:
    skipped = [[place, _text(seed)] for place, seed in key.skipped]
    return [key.id, key.chain.index, _text(key.chain.key), _text(key.signing), skipped]


def _text(data: bytes) -> str:
    return b64encode(data).decode()
