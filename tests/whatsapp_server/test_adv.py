"""The signatures between a phone and its linked device."""

import hashlib
import hmac

from chalicelib.wire.curve25519 import KeyPair, sign, verified
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import (
    HOSTED,
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


def test_a_hosted_accounts_phone_signs_and_seals_by_prefixes_of_its_own() -> None:
    vouching = vouch(PHONE, DEVICE.public, SECRET, raw_id=7, device=3, now_s=1_790_000_000, hosted=True)
    container = parse(ADVSignedDeviceIdentityHMAC, vouching.container)
    assert container.accountType == HOSTED
    assert hmac.digest(SECRET, b"\x06\x05" + container.details, hashlib.sha256) == container.HMAC
    signed = parse(ADVSignedDeviceIdentity, container.details)
    assert verified(PHONE.public, b"\x06\x05" + signed.details + DEVICE.public, signed.accountSignature)
    assert parse(ADVDeviceIdentity, signed.details).deviceType == HOSTED


def test_a_device_signs_for_a_hosted_account_by_either_prefix() -> None:
    for prefix, agreed in ((b"\x06\x01", True), (b"\x06\x06", True), (b"\x06\x00", False)):
        signature = sign(DEVICE.private, prefix + VOUCHING.details + DEVICE.public + PHONE.public)
        given = ADVSignedDeviceIdentity(details=VOUCHING.details, deviceSignature=signature).SerializeToString()
        keys = {"phone": PHONE.public, "companion": DEVICE.public}
        assert device_agreed(given, VOUCHING.details, **keys, hosted=True) is agreed
