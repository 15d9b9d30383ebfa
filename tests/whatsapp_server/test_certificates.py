"""The server's certificate chain, checked the way a client does."""

from chalicelib.wire.curve25519 import KeyPair, verified
from chalicelib.wire.protobuf import WireMessage
from infra.whatsapp_server import certificates as c

NOW_S = 1_790_000_000


def signed_by(key: bytes, certificate: WireMessage) -> WireMessage:
    assert verified(key, certificate.data(c.DETAILS), certificate.data(c.SIGNATURE))
    return certificate.message(c.DETAILS)


def test_the_chain_leads_from_the_root_to_the_servers_key() -> None:
    root, server = KeyPair.generate(), KeyPair.generate()
    chain = WireMessage.decode(c.chain(root, server.public, NOW_S))
    intermediate = signed_by(root.public, chain.message(c.INTERMEDIATE))
    leaf = signed_by(intermediate.data(c.KEY), chain.message(c.LEAF))
    assert intermediate.number(c.ISSUER_SERIAL) == 0
    assert leaf.number(c.ISSUER_SERIAL) == intermediate.number(c.SERIAL)
    assert leaf.data(c.KEY) == server.public
    for details in (intermediate, leaf):
        assert details.number(c.NOT_BEFORE) < NOW_S < details.number(c.NOT_AFTER)


def test_another_root_did_not_sign_it() -> None:
    chain = WireMessage.decode(c.chain(KeyPair.generate(), bytes(32), NOW_S)).message(c.INTERMEDIATE)
    assert not verified(KeyPair.generate().public, chain.data(c.DETAILS), chain.data(c.SIGNATURE))
