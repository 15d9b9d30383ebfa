"""Passkeys, and the steps by which a device is linked to an account that has one; no sockets.

WhatsApp asks the device for an assertion (WebAuthn). It comes with a prologue: the device's key for this linking, and a
commitment to a nonce. The phone answers with its own key and nonce; the device reveals its nonce. From the two both can
show the same eight letters, which a person compares unless the device proved that it showed the QR code that the phone
scanned. At last the device sends its keys and a new secret, encrypted for the phone, and pair-success follows.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from chalicelib.wire.curve25519 import KEY_SIZE, KeyPair
from chalicelib.wire.pairing import (
    NONCE_SIZE,
    commitment,
    handoff_key,
    handoff_proof,
    open_request,
    passkey_code,
    request_key,
)
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import (
    CompanionEphemeralIdentity,
    PairingRequest,
    PrimaryEphemeralIdentity,
    ProloguePayload,
)

RP_ID: Final = "whatsapp.com"
ORIGIN: Final = "https://web.whatsapp.com"
TIMEOUT_S: Final = 600
"""How long an assertion is waited for."""

_CHALLENGE_SIZE: Final = 32
_ID_SIZE: Final = 16
_PRESENT, _VERIFIED = 0x01, 0x04
_LEAST_DATA: Final = 37


class Refused(ValueError):
    """Why WhatsApp doesn't go on; `code` and `text` are what the device is told."""

    def __init__(self, why: str, code: int = 401, text: str = "not-authorized") -> None:
        super().__init__(why)
        self.code, self.text = code, text


def base64url(data: bytes) -> str:
    """As WebAuthn writes bytes: without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes; ValueError if it is no such text."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of WhatsApp's on a virtual phone, as an authenticator in software keeps it (PKCS #8, curve P-256)."""

    id: bytes
    private: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> "Passkey":
        """A new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return cls(secrets.token_bytes(_ID_SIZE), private)

    def sign(self, options: Mapping[str, Any], *, origin: str = ORIGIN, verified: bool = True) -> dict[str, Any]:
        """The assertion that a browser at `origin` gives for WebAuthn's request options, as its `toJSON` writes it.

        `verified` is whether the user was verified, by a finger or a PIN. KeyError if the options have no challenge.
        """
        facts = {"type": "webauthn.get", "challenge": options["challenge"], "origin": origin, "crossOrigin": False}
        client = json.dumps(facts, separators=(",", ":")).encode()
        flags = _PRESENT | (_VERIFIED if verified else 0)
        data = sha256(str(options.get("rpId", RP_ID)).encode()).digest() + bytes([flags]) + bytes(4)
        signature = self._key().sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return {
            "id": base64url(self.id),
            "rawId": base64url(self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(client),
                "authenticatorData": base64url(data),
                "signature": base64url(signature),
                "userHandle": None,
            },
        }

    def check(self, options: Mapping[str, Any], credential: bytes, assertion: bytes) -> None:
        """Refused unless the assertion (JSON) is this passkey's for these options, made at WhatsApp Web."""
        try:
            given = json.loads(assertion)
            raw, response = from_base64url(given["rawId"]), given["response"]
            client, data, signature = (
                from_base64url(response[name]) for name in ("clientDataJSON", "authenticatorData", "signature")
            )
            facts = json.loads(client)
            kind, challenge, origin = facts["type"], from_base64url(facts["challenge"]), facts["origin"]
        except (ValueError, KeyError, TypeError) as error:
            raise Refused("that is no assertion", 400, "bad-request") from error
        if raw != self.id or credential != self.id:
            raise Refused("the account has no such passkey")
        if kind != "webauthn.get" or challenge != from_base64url(options["challenge"]):
            raise Refused("the assertion was made for another request")
        if origin != ORIGIN:
            raise Refused("the assertion was made on another page")
        if len(data) < _LEAST_DATA or data[:32] != sha256(RP_ID.encode()).digest():
            raise Refused("the assertion was made for another site")
        if not (data[32] & _PRESENT and data[32] & _VERIFIED):
            raise Refused("the user wasn't verified")
        try:
            self._key().public_key().verify(signature, data + sha256(client).digest(), ec.ECDSA(SHA256()))
        except InvalidSignature as error:
            raise Refused("the signature is another's") from error

    def _key(self) -> ec.EllipticCurvePrivateKey:
        key = load_der_private_key(self.private, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("not a key of an elliptic curve")
        return key


class Step(StrEnum):
    """How far a linking with a passkey has come, as the phone sees it."""

    PASSKEY = "passkey"
    """WhatsApp waits for the assertion."""
    NONCE = "nonce"
    """The phone has sent its key and waits for the device's nonce."""
    REQUEST = "request"
    """Both could show the code; the phone waits for the device's keys."""
    LINKING = "linking"
    LINKED = "linked"
    FAILED = "failed"


def request_options() -> dict[str, Any]:
    """What WhatsApp asks a device for, as it was seen live."""
    return {
        "challenge": base64url(secrets.token_bytes(_CHALLENGE_SIZE)),
        "timeout": TIMEOUT_S * 1000,
        "rpId": RP_ID,
        "allowCredentials": [],
        "userVerification": "required",
        "extensions": {"uvm": True},
    }


@dataclass(slots=True)
class Ceremony:
    """One linking with a passkey. `secret` is the QR code's, None if the phone never learned the device's.

    `code` is what the phone shows: nothing as long as it needn't.
    """

    passkey: Passkey
    secret: bytes | None = field(repr=False)
    start: float
    options: dict[str, Any] = field(default_factory=request_options)
    step: Step = Step.PASSKEY
    why: str | None = None
    code: str | None = None
    references: set[str] = field(default_factory=set)
    _ephemeral: KeyPair = field(default_factory=KeyPair.generate, repr=False)
    _nonce: bytes = field(default_factory=lambda: secrets.token_bytes(NONCE_SIZE), repr=False)
    _identity: bytes = b""
    _committed: bytes = b""
    _proved: bool = False

    def take_prologue(
        self, credential: bytes, assertion: bytes, prologue: bytes, proof: bytes | None, *, now: float
    ) -> bytes:
        """The device's assertion and its part; the phone's answer. Refused if anything about it is wrong."""
        self._must_be(Step.PASSKEY)
        if now >= self.start + TIMEOUT_S:
            raise Refused("the assertion came too late", 408, "request-timeout")
        payload = parse(ProloguePayload, prologue)
        identity = parse(CompanionEphemeralIdentity, payload.companionEphemeralIdentity)
        if identity.ref not in self.references or len(identity.publicKey) != KEY_SIZE:
            raise Refused("the device's part has another reference, or no key", 400, "bad-request")
        self.passkey.check(self.options, credential, assertion)
        if proof and self.secret and not hmac.compare_digest(proof, handoff_proof(handoff_key(self.secret), prologue)):
            raise Refused("the device isn't the one whose code was scanned")
        self._proved = bool(proof and self.secret)
        self._identity, self._committed = payload.companionEphemeralIdentity, payload.commitment.hash
        self.step = Step.NONCE
        return PrimaryEphemeralIdentity(publicKey=self._ephemeral.public, nonce=self._nonce).SerializeToString()

    def take_nonce(self, nonce: bytes) -> None:
        """The device's nonce; Refused if it committed to another."""
        self._must_be(Step.NONCE)
        if not hmac.compare_digest(self._committed, commitment(self._identity, nonce)):
            raise Refused("the device committed to another nonce")
        if not self._proved:
            self.code = passkey_code(nonce, self._ephemeral.public, self._nonce)
        self.step = Step.REQUEST

    def take_request(self, sealed: bytes, *, noise_key: bytes, identity: bytes) -> bytes:
        """The device's keys, which must be those that it registered with; its new secret."""
        self._must_be(Step.REQUEST)
        companion = parse(CompanionEphemeralIdentity, self._identity)
        request: PairingRequest = open_request(
            request_key(self._ephemeral.shared(companion.publicKey), companion), sealed
        )
        if (request.companionPublicKey, request.companionIdentityKey) != (noise_key, identity):
            raise Refused("the device sent other keys than it registered with")
        if len(request.advSecret) != KEY_SIZE:
            raise Refused("the device sent no secret", 400, "bad-request")
        self.step = Step.LINKING
        return request.advSecret

    def fail(self, why: str) -> None:
        """Note why nothing came of it."""
        self.step, self.why = Step.FAILED, why

    def _must_be(self, step: Step) -> None:
        if self.step is not step:
            raise Refused(f"this comes out of turn: the step is {self.step}", 404, "item-not-found")
