"""WhatsApp's own certificates, which prove the static key of a Noise server: root, intermediate, leaf."""

from chalicelib.wire.curve25519 import verified
from chalicelib.wire.noise import NoiseFailure
from chalicelib.wire.proto import MalformedMessage, parse
from chalicelib.wire.proto.handshake_pb2 import CertChain

ROOT_SERIAL = 0
"""The issuer that an intermediate certificate names."""
WHATSAPP_ROOT = bytes.fromhex("142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b")
"""The public key that WhatsApp's intermediate certificates are signed with; every client carries it."""


class UntrustedServer(NoiseFailure):
    """The server can't prove that it is WhatsApp's."""


def check_chain(certificates: bytes, key: bytes, *, root: bytes, now_s: float) -> None:
    """Check that the chain (encoded) proves the server's static `key` at `now_s` (seconds since the Unix epoch).

    UntrustedServer if it doesn't.
    """
    try:
        chain = parse(CertChain, certificates)
        issuer, serial = root, ROOT_SERIAL
        for certificate in (chain.intermediate, chain.leaf):
            if not verified(issuer, certificate.details, certificate.signature):
                raise UntrustedServer("a certificate's signature is wrong")
            details = parse(CertChain.NoiseCertificate.Details, certificate.details)
            if details.issuerSerial != serial:
                raise UntrustedServer("a certificate names another issuer")
            if not details.notBefore <= now_s <= details.notAfter:
                raise UntrustedServer("a certificate isn't valid now")
            issuer, serial = details.key, details.serial
    except MalformedMessage as error:
        raise UntrustedServer("the certificates can't be read") from error
    if issuer != key:
        raise UntrustedServer("the certificates are of another key")
