"""What both sides of a linking compute alike: pairing codes that are typed on the phone, and the passkey step.

The formulas are WhatsApp's, as clients have them. Nothing here has a state, and nothing remembers a key.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chalicelib.wire.curve25519 import KEY_SIZE, derived
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import CompanionEphemeralIdentity, EncryptedPairingRequest, PairingRequest

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
"""The letters of codes: Crockford's, without the 0."""
CODE_BYTES = 5
CODE_LENGTH = 8
SALT_SIZE = 32
NONCE_SIZE = 32

_IV_SIZE = 16
_GCM_NONCE_SIZE = 12
_ROUNDS = 1 << 17
_WRAPPED_SIZE = SALT_SIZE + _IV_SIZE + KEY_SIZE
_BUNDLE_INFO = b"link_code_pairing_key_bundle_encryption_key"
_SECRET_INFO = b"adv_secret"
_HANDOFF_INFO = b"shortcake-passkey-handoff-v1"
_REQUEST_INFO = b"Pairing Information Encryption Key"


class PairingFailure(ValueError):
    """What the other side sent wasn't made with the same code, keys or nonce, or has no such form."""


def code_text(data: bytes) -> str:
    """Five bytes as the eight letters that people read."""
    number = int.from_bytes(data[:CODE_BYTES], "big")
    return "".join(ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))


def code_shown(code: str) -> str:
    """A code as people are shown it: `ABCD-EFGH`."""
    return f"{code[:4]}-{code[4:]}"


def code_typed(text: str) -> str:
    """A code as somebody typed it, dash or none, small letters or capitals; PairingFailure if it is none."""
    code = text.replace("-", "").replace(" ", "").upper()
    if len(code) != CODE_LENGTH or not set(code) <= set(ALPHABET):
        raise PairingFailure("a pairing code has eight letters and digits")
    return code


def wrap_key(code: str, public: bytes) -> bytes:
    """A public key that only who knows the code can read; 80 bytes. Takes some 75 ms, as `unwrap_key` does."""
    salt, iv = secrets.token_bytes(SALT_SIZE), secrets.token_bytes(_IV_SIZE)
    return salt + iv + _under_code(code, salt, iv, public)


def unwrap_key(code: str, wrapped: bytes) -> bytes:
    """The key that was wrapped, or another if the code is wrong, which nobody can tell by it.

    PairingFailure if it isn't a wrapped key.
    """
    if len(wrapped) != _WRAPPED_SIZE:
        raise PairingFailure("not a wrapped key")
    salt, iv, key = wrapped[:SALT_SIZE], wrapped[SALT_SIZE : SALT_SIZE + _IV_SIZE], wrapped[-KEY_SIZE:]
    return _under_code(code, salt, iv, key)


def _under_code(code: str, salt: bytes, iv: bytes, data: bytes) -> bytes:
    key = hashlib.pbkdf2_hmac("sha256", code.encode(), salt, _ROUNDS, KEY_SIZE)
    return Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor().update(data)


@dataclass(frozen=True, slots=True)
class KeyBundle:
    """What the companion proves the code with: its identity key, the phone's, and its share of the secret."""

    companion: bytes
    phone: bytes
    random: bytes = field(repr=False)

    def sealed(self, shared: bytes) -> bytes:
        """The bundle under the secret that the two ephemeral keys share."""
        salt, nonce = secrets.token_bytes(SALT_SIZE), secrets.token_bytes(_GCM_NONCE_SIZE)
        plain = self.companion + self.phone + self.random
        return salt + nonce + AESGCM(_bundle_key(shared, salt)).encrypt(nonce, plain, None)

    @classmethod
    def opened(cls, shared: bytes, sealed: bytes) -> "KeyBundle":
        """The bundle that `sealed` made; PairingFailure if one of the two had another code."""
        salt, nonce, rest = _split(sealed, SALT_SIZE, _GCM_NONCE_SIZE)
        try:
            plain = AESGCM(_bundle_key(shared, salt)).decrypt(nonce, rest, None)
        except (InvalidTag, ValueError) as error:
            raise PairingFailure("the codes differ") from error
        if len(plain) != 3 * KEY_SIZE:
            raise PairingFailure("not a key bundle")
        return cls(*_split(plain, KEY_SIZE, KEY_SIZE))


def _bundle_key(shared: bytes, salt: bytes) -> bytes:
    return derived(shared, salt=salt, info=_BUNDLE_INFO, size=KEY_SIZE)


def secret_of_code(shared: bytes, shared_identities: bytes, random: bytes) -> bytes:
    """The secret in the place of the QR code's: of ephemeral keys, identity keys and the bundle's random part."""
    return derived(shared + shared_identities + random, salt=None, info=_SECRET_INFO, size=KEY_SIZE)


def handoff_key(secret: bytes) -> bytes:
    """The key of the handoff proof, from the secret of the QR code that the phone scanned."""
    return derived(secret, salt=None, info=_HANDOFF_INFO, size=KEY_SIZE)


def handoff_proof(key: bytes, prologue: bytes) -> bytes:
    """Proof that the companion in the prologue is the one that showed the QR code."""
    return hmac.digest(key, prologue, hashlib.sha256)


def commitment(identity: bytes, nonce: bytes) -> bytes:
    """What binds a companion to a nonce that it shows only after it has seen the phone's; `identity` is encoded."""
    return hashlib.sha256(identity + nonce).digest()


def passkey_code(companion_nonce: bytes, phone_key: bytes, phone_nonce: bytes) -> str:
    """What phone and companion both show, so that a person can compare it: `ABCD-EFGH`."""
    mask = hashlib.sha256(companion_nonce + phone_key).digest()
    return code_shown(code_text(bytes(one ^ other for one, other in zip(phone_nonce[:CODE_BYTES], mask, strict=False))))


def request_key(shared: bytes, identity: CompanionEphemeralIdentity) -> bytes:
    """The key of the pairing request, from the secret that the ephemeral keys share."""
    salt = f"Companion Pairing {identity.deviceType} with ref {identity.ref}".encode()
    return derived(shared, salt=salt, info=_REQUEST_INFO, size=KEY_SIZE)


def seal_request(key: bytes, request: PairingRequest) -> bytes:
    """The companion's keys and secret, encrypted for the phone."""
    iv = secrets.token_bytes(_GCM_NONCE_SIZE)
    sealed = AESGCM(key).encrypt(iv, request.SerializeToString(), None)
    return EncryptedPairingRequest(encryptedPayload=sealed, IV=iv).SerializeToString()


def open_request(key: bytes, sealed: bytes) -> PairingRequest:
    """What `seal_request` made; PairingFailure or MalformedMessage if it isn't."""
    envelope = parse(EncryptedPairingRequest, sealed)
    try:
        plain = AESGCM(key).decrypt(envelope.IV, envelope.encryptedPayload, None)
    except (InvalidTag, ValueError) as error:
        raise PairingFailure("the keys differ") from error
    return parse(PairingRequest, plain)


def _split(data: bytes, *sizes: int) -> tuple[bytes, ...]:
    parts = []
    for size in sizes:
        parts.append(data[:size])
        data = data[size:]
    return (*parts, data)
