"""The passkey step of a linking: the challenge, the check of an assertion, and what the phone is told under a new key.

WhatsApp calls it CRSC, its clients "shortcake". The owner signs a WebAuthn challenge for WhatsApp's own origin. The
device sends the assertion with an ephemeral identity and a commitment to a nonce; the phone answers with an ephemeral
identity of its own; both can then derive a key, and show a code that is the same on both unless somebody sits between
them. If the device can prove that the phone has seen its QR code (the handoff proof), no code is shown.

The assertion covers the challenge and the origin and nothing of the device. No key of a passkey is known here, so the
signature itself is WhatsApp's to check.
"""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.wire.curve25519 import KEY_SIZE, KeyPair
from chalicelib.wire.node import MissingPart, Node
from chalicelib.wire.pairing import (
    NONCE_SIZE,
    commitment,
    handoff_proof,
    passkey_code,
    request_key,
    seal_request,
)
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import (
    CompanionCommitment,
    CompanionEphemeralIdentity,
    DeviceProps,
    PairingRequest,
    PrimaryEphemeralIdentity,
    ProloguePayload,
)
from chalicelib.worker.linking.registration import DeviceKeys

LASTS_S: Final = 600.0
"""Seconds that a challenge is signed in, unless WhatsApp says fewer."""
PROOF_S: Final = 300.0
"""Seconds from the demand in which the handoff proof may be sent."""
ORIGIN: Final = "https://web.whatsapp.com"
"""The one page that may sign: any other can only have been made to look like it."""
RELYING_PARTY: Final = "web.whatsapp.com"
"""Unless WhatsApp's options name another one."""
MOST_CHARACTERS: Final = 16_384
"""Of each part of an assertion, and of WhatsApp's options: some hundreds are usual."""
_FLAGS_AT: Final = 32
_SMALLEST_DATA: Final = 37
_PRESENT, _VERIFIED = 0x01, 0x04


class BadAssertion(ValueError):
    """What was given is no assertion for this challenge; ``code`` names what is wrong."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be signed: WhatsApp's options, as they are handed to a browser."""

    options: Mapping[str, Any]

    @classmethod
    def parse(cls, data: bytes) -> "Challenge":
        """Read WhatsApp's JSON; MissingPart if it holds no challenge."""
        try:
            options = json.loads(data[: MOST_CHARACTERS + 1])
        except ValueError as error:
            raise MissingPart("the options are no JSON") from error
        if isinstance(options, dict) and isinstance(options.get("publicKey"), dict):
            options = options["publicKey"]
        if not isinstance(options, dict) or not isinstance(options.get("challenge"), str) or not options["challenge"]:
            raise MissingPart("the options hold no challenge")
        return cls(options)

    @property
    def lasts(self) -> float:
        """Seconds to sign it in."""
        timeout = self.options.get("timeout")
        known = isinstance(timeout, int) and not isinstance(timeout, bool) and timeout > 0
        return min(timeout / 1000, LASTS_S) if known else LASTS_S  # type: ignore[operator]

    @property
    def relying_party(self) -> str:
        """Whose passkey is asked for."""
        named = self.options.get("rpId")
        return named if isinstance(named, str) and named else RELYING_PARTY

    @property
    def credentials(self) -> frozenset[bytes]:
        """The ids of the passkeys that may sign; none named means any."""
        listed = self.options.get("allowCredentials")
        ids = [one.get("id") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        return frozenset(decoded for one in ids if isinstance(one, str) and (decoded := _decoded(one)))


@dataclass(frozen=True, slots=True)
class Assertion:
    """A checked assertion, as WhatsApp takes it."""

    credential: bytes = field(repr=False)
    sent: bytes = field(repr=False)


def check(challenge: Challenge, given: Mapping[str, Any]) -> Assertion:
    """Check all of an assertion (a PublicKeyCredential's JSON) that needs no public key; BadAssertion if it's wrong."""
    response = given.get("response")
    if given.get("type") != "public-key" or not isinstance(response, Mapping):
        raise BadAssertion("malformed_assertion")
    credential = _part(given, "rawId" if "rawId" in given else "id")
    client, data = _part(response, "clientDataJSON"), _part(response, "authenticatorData")
    signature = _part(response, "signature")
    handle = None if response.get("userHandle") in (None, "") else _part(response, "userHandle")
    if len(data) < _SMALLEST_DATA:
        raise BadAssertion("malformed_assertion")
    _check_client_data(challenge, client)
    if not hmac.compare_digest(data[:_FLAGS_AT], hashlib.sha256(challenge.relying_party.encode()).digest()):
        raise BadAssertion("wrong_relying_party")
    if not data[_FLAGS_AT] & _PRESENT:
        raise BadAssertion("user_not_present")
    if challenge.options.get("userVerification") == "required" and not data[_FLAGS_AT] & _VERIFIED:
        raise BadAssertion("user_not_verified")
    if challenge.credentials and credential not in challenge.credentials:
        raise BadAssertion("unknown_credential")
    parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
    told = {name: _encoded(part) for name, part in parts.items()}
    told["userHandle"] = None if handle is None else _encoded(handle)  # type: ignore[assignment]
    name = _encoded(credential)
    sent = {"id": name, "rawId": name, "type": "public-key", "response": told}
    return Assertion(credential, json.dumps(sent, separators=(",", ":")).encode())


def _check_client_data(challenge: Challenge, client: bytes) -> None:
    try:
        facts = json.loads(client)
    except (ValueError, RecursionError) as error:
        raise BadAssertion("malformed_assertion") from error
    if not isinstance(facts, dict):
        raise BadAssertion("malformed_assertion")
    if facts.get("type") != "webauthn.get":
        raise BadAssertion("wrong_type")
    signed, wanted = facts.get("challenge"), _decoded(challenge.options["challenge"])
    if not isinstance(signed, str) or not wanted or _decoded(signed) != wanted:
        raise BadAssertion("wrong_challenge")
    if facts.get("origin") != ORIGIN or facts.get("crossOrigin") is True:
        raise BadAssertion("wrong_origin")


def _part(of: Mapping[str, Any], name: str) -> bytes:
    value = of.get(name)
    decoded = _decoded(value) if isinstance(value, str) and len(value) <= MOST_CHARACTERS else None
    if not decoded:
        raise BadAssertion("malformed_assertion")
    return decoded


def _decoded(text: str) -> bytes | None:
    """Read base64url, with its padding or without."""
    bare = text.rstrip("=")
    try:
        # Strict, since a decoder that drops what it doesn't know takes different texts for the same bytes.
        if not bare.isascii() or not bare.replace("-", "").replace("_", "").isalnum():
            return None
        return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except ValueError:
        return None


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class Ceremony:
    """One device's part, from the assertion on; ``reference`` is WhatsApp's."""

    def __init__(self, platform: "DeviceProps.PlatformType", reference: str, ephemeral: KeyPair | None = None) -> None:
        self._ephemeral = ephemeral or KeyPair.generate()
        self._key = b""
        self.nonce = secrets.token_bytes(NONCE_SIZE)
        self._identity = CompanionEphemeralIdentity(
            publicKey=self._ephemeral.public, deviceType=platform, ref=reference
        )
        identity = self._identity.SerializeToString(deterministic=True)
        bound = CompanionCommitment(hash=commitment(identity, self.nonce))
        self._payload = ProloguePayload(companionEphemeralIdentity=identity, commitment=bound).SerializeToString()

    def prologue(self, assertion: Assertion, handoff: bytes | None) -> Node:
        """Return what WhatsApp and the phone are sent first; ``handoff`` is the key of the proof, None for none."""
        children = [
            Node("credential_id", {}, assertion.credential),
            Node("webauthn_assertion", {}, assertion.sent),
            Node("prologue_payload", {}, self._payload),
        ]
        if handoff is not None:
            children.append(Node("pairing_handoff_proof", {}, handoff_proof(handoff, self._payload)))
        return Node("passkey_prologue", {}, tuple(children))

    def meet(self, answer: bytes) -> str:
        """Take the phone's ephemeral identity; return the code that it shows. ValueError if it is none."""
        theirs = parse(PrimaryEphemeralIdentity, answer)
        if len(theirs.publicKey) != KEY_SIZE or len(theirs.nonce) != NONCE_SIZE:
            raise MissingPart("the phone's ephemeral identity has another size")
        self._key = request_key(self._ephemeral.shared(theirs.publicKey), self._identity)
        return passkey_code(self.nonce, theirs.publicKey, theirs.nonce)

    def request(self, keys: DeviceKeys, secret: bytes) -> Node:
        """Return what the phone is to vouch for, encrypted; after ``meet`` alone."""
        asked = PairingRequest(
            companionPublicKey=keys.noise.public, companionIdentityKey=keys.identity.public, advSecret=secret
        )
        return Node("encrypted_pairing_request", {}, seal_request(self._key, asked))
