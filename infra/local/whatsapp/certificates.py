"""The certificate chain that a WhatsApp server shows inside the Noise handshake: root key, intermediate, leaf."""

from dataclasses import dataclass

from infra.local.whatsapp import xeddsa
from infra.local.whatsapp.keys import KeyPair
from infra.local.whatsapp.protobuf import Message

YEAR_S = 365 * 24 * 3600
SKEW_S = 24 * 3600
INTERMEDIATE_SERIAL = 1
LEAF_SERIAL = 2
ROOT_SERIAL = 0

# CertChain, NoiseCertificate and its details.
LEAF, INTERMEDIATE = 1, 2
DETAILS, SIGNATURE = 1, 2
SERIAL, ISSUER_SERIAL, KEY, NOT_BEFORE, NOT_AFTER = 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Issuer:
    """A key that signs certificates, and the serial by which they name it."""

    serial: int
    keys: KeyPair

    def certify(self, serial: int, key: bytes, now_s: int) -> Message:
        """A certificate of `key`, good for a year from `now_s` (seconds since the epoch)."""
        details = Message.of({
            SERIAL: serial,
            ISSUER_SERIAL: self.serial,
            KEY: key,
            NOT_BEFORE: now_s - SKEW_S,
            NOT_AFTER: now_s + YEAR_S,
        })  # fmt: skip
        signed = details.encode()
        return Message.of({DETAILS: signed, SIGNATURE: xeddsa.sign(self.keys.private, signed)})


def chain(root: KeyPair, server_key: bytes, now_s: int) -> bytes:
    """The encoded chain that proves `server_key` to a client which trusts the root's public key."""
    intermediate = KeyPair.generate()
    upper = Issuer(ROOT_SERIAL, root).certify(INTERMEDIATE_SERIAL, intermediate.public, now_s)
    lower = Issuer(INTERMEDIATE_SERIAL, intermediate).certify(LEAF_SERIAL, server_key, now_s)
    return Message.of({LEAF: lower, INTERMEDIATE: upper}).encode()
