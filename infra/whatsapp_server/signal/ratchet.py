"""The double ratchet: each message under a key of its own, each answer under a fresh secret.

Every step makes a new state and leaves the old one as it was, so a message that doesn't open changes nothing.
"""

import hashlib
import hmac
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from chalicelib.wire.curve25519 import KEY_SIZE, KEY_TYPE, KeyPair, derived
from infra.whatsapp_server.signal.messages import Repeated, SealedMessage, Undecryptable

_SEED, _STEP = b"\x01", b"\x02"
_IV_SIZE = 16


@dataclass(frozen=True, slots=True)
class MessageKeys:
    """What one message is encrypted (AES-256-CBC) and authenticated (HMAC-SHA256) with."""

    cipher: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    @classmethod
    def of(cls, seed: bytes) -> "MessageKeys":
        """The keys that grow from a chain's seed."""
        keys = derived(seed, salt=None, info=b"WhisperMessageKeys", size=2 * KEY_SIZE + _IV_SIZE)
        return cls(keys[:KEY_SIZE], keys[KEY_SIZE : 2 * KEY_SIZE], keys[2 * KEY_SIZE :])


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain at one place: `index` messages have been taken from it."""

    key: bytes = field(repr=False)
    index: int = 0

    @property
    def seed(self) -> bytes:
        """What the next message's keys grow from."""
        return hmac.digest(self.key, _SEED, hashlib.sha256)

    @property
    def following(self) -> "Chain":
        """The chain one message on."""
        return Chain(hmac.digest(self.key, _STEP, hashlib.sha256), self.index + 1)


def ratcheted(root: bytes, shared: bytes) -> tuple[bytes, Chain]:
    """A new root key and the chain it begins, from a fresh shared secret."""
    both = derived(shared, salt=root, info=b"WhisperRatchet", size=2 * KEY_SIZE)
    return both[:KEY_SIZE], Chain(both[KEY_SIZE:])


@dataclass(frozen=True, slots=True)
class Sending:
    """The chain that we send on, and the ratchet key that names it."""

    key: KeyPair
    chain: Chain


@dataclass(frozen=True, slots=True)
class Receiving:
    """A chain of the other side's. `skipped` holds the seeds of messages not seen yet, by their place."""

    key: bytes
    chain: Chain
    skipped: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class PreKeyOffer:
    """What goes with each message until the other side answers: which of its keys we began with."""

    prekey: int | None
    signed_prekey: int


@dataclass(frozen=True, slots=True)
class State:
    """`base` is the key that its beginner made for it, and its name. `previous` counts our last chain's messages.

    The newest receiving chain comes first.
    """

    ours: bytes
    theirs: bytes
    base: bytes
    root: bytes = field(repr=False)
    sending: Sending
    receiving: tuple[Receiving, ...] = ()
    previous: int = 0
    offer: PreKeyOffer | None = None


MOST_SKIPPED = 2000
"""How far ahead of its chain a message may be, and how many unseen messages' keys a chain keeps (libsignal's)."""
_MOST_CHAINS = 5
_BLOCK_BITS = 128


def encrypt(state: State, plaintext: bytes) -> tuple[State, SealedMessage]:
    """Seal the next message."""
    chain = state.sending.chain
    keys = MessageKeys.of(chain.seed)
    message = SealedMessage.seal(
        ratchet_key=state.sending.key.public,
        counter=chain.index,
        previous=state.previous,
        ciphertext=encrypted(keys.cipher, keys.iv, plaintext),
        mac_key=keys.mac,
        parties=KEY_TYPE + state.ours + KEY_TYPE + state.theirs,
    )
    return replace(state, sending=replace(state.sending, chain=chain.following)), message


def decrypt(state: State, message: SealedMessage) -> tuple[State, bytes]:
    """Open a message, in whatever order it comes; Repeated or Undecryptable if it can't be."""
    stepped = state if _chain(state, message.ratchet_key) else _step(state, message.ratchet_key)
    chain = _chain(stepped, message.ratchet_key)
    if chain is None:
        raise Undecryptable("no chain for the message")
    advanced, seed = _taken(chain, message.counter)
    keys = MessageKeys.of(seed)
    message.check(keys.mac, KEY_TYPE + state.theirs + KEY_TYPE + state.ours)
    receiving = tuple(advanced if one is chain else one for one in stepped.receiving)
    # Whatever opens was sealed by somebody who took our offer, or made the session himself.
    return replace(stepped, receiving=receiving, offer=None), decrypted(keys.cipher, keys.iv, message.ciphertext)


def _chain(state: State, key: bytes) -> Receiving | None:
    return next((chain for chain in state.receiving if chain.key == key), None)


def _step(state: State, their_key: bytes) -> State:
    """Begin the other side's new chain, and our own new one for the answer."""
    try:
        root, theirs = ratcheted(state.root, state.sending.key.shared(their_key))
        key = KeyPair.generate()
        root, ours = ratcheted(root, key.shared(their_key))
    except ValueError as error:
        raise Undecryptable("the ratchet key is none") from error
    return replace(
        state,
        root=root,
        sending=Sending(key, ours),
        previous=max(state.sending.chain.index - 1, 0),
        receiving=(Receiving(their_key, theirs), *state.receiving[: _MOST_CHAINS - 1]),
    )


def _taken(receiving: Receiving, counter: int) -> tuple[Receiving, bytes]:
    """The chain past message `counter`, and that message's seed."""
    chain, skipped, seed = key_at(receiving.chain, receiving.skipped, counter)
    return Receiving(receiving.key, chain, skipped), seed


Skipped = tuple[tuple[int, bytes], ...]
"""The seeds of messages not seen yet, by their place in the chain."""


def key_at(chain: Chain, skipped: Skipped, counter: int) -> tuple[Chain, Skipped, bytes]:
    """The chain past message `counter`, what is skipped of it by then, and that message's seed.

    Raises Repeated where the seed was used before, Undecryptable where the message is too far ahead.
    """
    unseen = dict(skipped)
    if counter < chain.index:
        if counter not in unseen:
            raise Repeated("this message's key was used before")
        seed = unseen.pop(counter)
        return chain, tuple(unseen.items()), seed
    if counter - chain.index > MOST_SKIPPED:
        raise Undecryptable("the message is too far ahead")
    while chain.index < counter:
        unseen[chain.index] = chain.seed
        chain = chain.following
    return chain.following, tuple(unseen.items())[-MOST_SKIPPED:], chain.seed


def encrypted(key: bytes, iv: bytes, plaintext: bytes) -> bytes:
    """Encrypt with AES-256-CBC."""
    padder = PKCS7(_BLOCK_BITS).padder()
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()


def decrypted(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    """Decrypt with AES-256-CBC; Undecryptable if that is no whole ciphertext."""
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).decryptor()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise Undecryptable("the ciphertext isn't whole") from error
