"""The server's certificate chain, checked the way a client does."""

from chalicelib.wire.curve25519 import KeyPair, verified
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import CertChain
from infra.whatsapp_server import certificates as c

NOW_S = 1_790_000_000


def signed_by(key: bytes, certificate: CertChain.NoiseCertificate) -> CertChain.NoiseCertificate.Details:
    assert verified(key, certificate.details, certificate.signature)
    return parse(CertChain.NoiseCertificate.Details, certificate.details)


def test_the_chain_leads_from_the_root_to_the_servers_key() -> None:
    root, server = KeyPair.generate(), KeyPair.generate()
    chain = parse(CertChain, c.chain(root, server.public, NOW_S))
    intermediate = signed_by(root.public, chain.intermediate)
    leaf = signed_by(intermediate.key, chain.leaf)
    assert intermediate.issuerSerial == 0
    assert leaf.issuerSerial == intermediate.serial
    assert leaf.key == server.public
    for details in (intermediate, leaf):
        assert details.notBefore < NOW_S < details.notAfter


def test_another_root_did_not_sign_it() -> None:
    upper = parse(CertChain, c.chain(KeyPair.generate(), bytes(32), NOW_S)).intermediate
    assert not verified(KeyPair.generate().public, upper.details, upper.signature)
