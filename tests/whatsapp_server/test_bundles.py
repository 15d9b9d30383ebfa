"""Key bundles as stanzas."""

from chalicelib.wire.codec import decode, encode
from chalicelib.wire.node import Jid
from infra.whatsapp_server import bundles
from infra.whatsapp_server.accounts import Device, PreKey
from infra.whatsapp_server.signal.agreement import Bundle, PublicKey

ANA = Jid("21", "lid", 1)


def device(*prekeys: int) -> Device:
    stock = [PreKey(number.to_bytes(3, "big"), bytes([number]) * 32) for number in prekeys]
    signed = PreKey(b"\0\0\7", b"s" * 32, b"g" * 64)
    return Device(1, b"n" * 32, b"i" * 32, b"\0\0\0\1", signed, "Test", 0, stock)


def test_a_one_time_key_is_given_once() -> None:
    stocked = device(3, 4)
    given = [bundles.take(stocked).prekey for _ in range(3)]
    assert given == [PublicKey(3, b"\3" * 32), PublicKey(4, b"\4" * 32), None]


def test_a_bundle_comes_back_from_its_stanza() -> None:
    for bundle in (bundles.take(device(3)), bundles.take(device())):
        user = decode(encode(bundles.written(ANA, b"\0\0\0\1", bundle)))
        assert (user.jid("jid"), user.get("registration").data) == (ANA, b"\0\0\0\1")
        assert bundles.read(user) == bundle
    assert bundle == Bundle(b"i" * 32, PublicKey(7, b"s" * 32), b"g" * 64)
