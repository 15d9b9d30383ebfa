"""The signatures between a phone and its linked device."""

import hashlib
import hmac

from chalicelib.wire.curve25519 import KeyPair, sign, verified
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import (
    ADVDeviceIdentity,
    ADVSignedDeviceIdentity,
    ADVSignedDeviceIdentityHMAC,
)
from infra.whatsapp_server.linking import device_agreed, vouch

PHONE, DEVICE, SECRET = KeyPair.generate(), KeyPair.generate(), bytes(range(32))
VOUCHING = vouch(PHONE, DEVICE.public, SECRET, raw_id=7, device=3, now_s=1_790_000_000)


def answer(details: bytes, signer: KeyPair) -> bytes:
    signature = sign(signer.private, b"\x06\x01" + details + DEVICE.public + PHONE.public)
    return ADVSignedDeviceIdentity(details=details, deviceSignature=signature).SerializeToString()


def test_the_container_is_sealed_with_the_pictures_secret() -> None:
    container = parse(ADVSignedDeviceIdentityHMAC, VOUCHING.container)
    assert hmac.digest(SECRET, container.details, hashlib.sha256) == container.HMAC


def test_the_phone_signs_the_devices_identity() -> None:
    signed = parse(ADVSignedDeviceIdentity, parse(ADVSignedDeviceIdentityHMAC, VOUCHING.container).details)
    assert signed.accountSignatureKey == PHONE.public
    assert verified(PHONE.public, b"\x06\x00" + signed.details + DEVICE.public, signed.accountSignature)
    assert parse(ADVDeviceIdentity, signed.details).keyIndex == 3


def test_the_devices_signature_seals_the_link() -> None:
    good = answer(VOUCHING.details, DEVICE)
    assert device_agreed(good, VOUCHING.details, phone=PHONE.public, companion=DEVICE.public)


def test_another_device_or_other_details_do_not() -> None:
    for wrong in (answer(VOUCHING.details, PHONE), answer(b"other", DEVICE), b""):
        assert not device_agreed(wrong, VOUCHING.details, phone=PHONE.public, companion=DEVICE.public)
