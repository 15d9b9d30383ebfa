"""The signatures between a phone and its linked device."""

import hashlib
import hmac

from chalicelib.wire.curve25519 import KeyPair, sign, verified
from chalicelib.wire.protobuf import WireMessage
from infra.whatsapp_server.linking import device_agreed, vouch

PHONE, DEVICE, SECRET = KeyPair.generate(), KeyPair.generate(), bytes(range(32))
VOUCHING = vouch(PHONE, DEVICE.public, SECRET, raw_id=7, device=3, now_s=1_790_000_000)


def answer(details: bytes, signer: KeyPair) -> bytes:
    signature = sign(signer.private, b"\x06\x01" + details + DEVICE.public + PHONE.public)
    return WireMessage.of({1: details, 3: b"", 4: signature}).encode()


def test_the_container_is_sealed_with_the_pictures_secret() -> None:
    container = WireMessage.decode(VOUCHING.container)
    assert container.data(2) == hmac.digest(SECRET, container.data(1), hashlib.sha256)


def test_the_phone_signs_the_devices_identity() -> None:
    signed = WireMessage.decode(VOUCHING.container).message(1)
    assert signed.data(2) == PHONE.public
    assert verified(PHONE.public, b"\x06\x00" + signed.data(1) + DEVICE.public, signed.data(3))
    assert WireMessage.decode(signed.data(1)).number(3) == 3


def test_the_devices_signature_seals_the_link() -> None:
    good = answer(VOUCHING.details, DEVICE)
    assert device_agreed(good, VOUCHING.details, phone=PHONE.public, companion=DEVICE.public)


def test_another_device_or_other_details_do_not() -> None:
    for wrong in (answer(VOUCHING.details, PHONE), answer(b"other", DEVICE), b""):
        assert not device_agreed(wrong, VOUCHING.details, phone=PHONE.public, companion=DEVICE.public)
