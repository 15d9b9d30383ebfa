"""The passkey step of a linking: what the phone is told under a new key, once WhatsApp's challenge is signed.

WhatsApp calls it CRSC, its clients "shortcake". The owner signs a WebAuthn challenge for WhatsApp's own origin (see
``domain.passkey``). The device sends the assertion with an ephemeral identity and a commitment to a nonce; the phone
answers with an ephemeral identity of its own; both can then derive a key, and show a code that is the same on both
unless somebody sits between them. If the device can prove that the phone has seen its QR code (the handoff proof), no
code is shown.

The assertion covers the challenge and the origin and nothing of the device.
"""

import secrets
from typing import Final

from chalicelib.domain.passkey import Assertion
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

PROOF_S: Final = 300.0
"""Seconds from the demand in which the handoff proof may be sent."""


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
