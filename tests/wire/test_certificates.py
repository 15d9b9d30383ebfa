"""What proves that a Noise server is WhatsApp's, and what doesn't."""

import pytest

from chalicelib.wire.certificates import UntrustedServer, check_chain
from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.proto.handshake_pb2 import CertChain
from infra.whatsapp_server.certificates import YEAR_S, Issuer, chain

ROOT, SERVER = KeyPair.generate(), KeyPair.generate()
NOW = 1_790_000_000


def test_a_chain_from_the_root_to_the_key_is_good() -> None:
    check_chain(chain(ROOT, SERVER.public, NOW), SERVER.public, root=ROOT.public, now_s=NOW)


@pytest.mark.parametrize("now_s", [NOW - YEAR_S, NOW + 2 * YEAR_S])
def test_a_chain_of_another_time_is_refused(now_s: int) -> None:
    with pytest.raises(UntrustedServer, match="valid now"):
        check_chain(chain(ROOT, SERVER.public, NOW), SERVER.public, root=ROOT.public, now_s=now_s)


def test_a_foreign_root_is_refused() -> None:
    with pytest.raises(UntrustedServer, match="signature"):
        check_chain(chain(KeyPair.generate(), SERVER.public, NOW), SERVER.public, root=ROOT.public, now_s=NOW)


def test_a_chain_of_another_key_is_refused() -> None:
    with pytest.raises(UntrustedServer, match="another key"):
        check_chain(chain(ROOT, SERVER.public, NOW), KeyPair.generate().public, root=ROOT.public, now_s=NOW)


def test_an_intermediate_of_another_issuer_is_refused() -> None:
    between = KeyPair.generate()
    upper = Issuer(7, ROOT).certify(1, between.public, NOW)
    lower = Issuer(1, between).certify(2, SERVER.public, NOW)
    forged = CertChain(leaf=lower, intermediate=upper).SerializeToString()
    with pytest.raises(UntrustedServer, match="another issuer"):
        check_chain(forged, SERVER.public, root=ROOT.public, now_s=NOW)


def test_a_leaf_of_another_issuer_is_refused() -> None:
    between = KeyPair.generate()
    upper = Issuer(0, ROOT).certify(1, between.public, NOW)
    lower = Issuer(9, between).certify(2, SERVER.public, NOW)
    forged = CertChain(leaf=lower, intermediate=upper).SerializeToString()
    with pytest.raises(UntrustedServer, match="another issuer"):
        check_chain(forged, SERVER.public, root=ROOT.public, now_s=NOW)


@pytest.mark.parametrize("certificates", [b"", b"\xff\xff", b"\x0a\x00\x12\x00", b"<html>"])
def test_what_is_no_chain_is_refused(certificates: bytes) -> None:
    with pytest.raises(UntrustedServer):
        check_chain(certificates, SERVER.public, root=ROOT.public, now_s=NOW)
