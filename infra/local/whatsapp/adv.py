"""The signatures by which a phone and its linked device vouch for each other (WhatsApp calls it ADV)."""

import hashlib
import hmac
from dataclasses import dataclass

from infra.local.whatsapp import xeddsa
from infra.local.whatsapp.keys import KeyPair
from infra.local.whatsapp.protobuf import Message

_PHONE_SIGNS = b"\x06\x00"
_DEVICE_SIGNS = b"\x06\x01"

# ADVDeviceIdentity
_RAW_ID, _TIMESTAMP, _KEY_INDEX, _ACCOUNT_TYPE, _DEVICE_TYPE = 1, 2, 3, 4, 5
# ADVSignedDeviceIdentity
_DETAILS, _ACCOUNT_KEY, _ACCOUNT_SIGNATURE, _DEVICE_SIGNATURE = 1, 2, 3, 4
# ADVSignedDeviceIdentityHMAC
_SIGNED, _HMAC = 1, 2


@dataclass(frozen=True, slots=True)
class Vouching:
    """What a phone states about a new device: the encoded details, and the whole as it is sent."""

    details: bytes
    container: bytes


def vouch(phone: KeyPair, companion: bytes, secret: bytes, *, raw_id: int, device: int, now_s: int) -> Vouching:
    """Sign a companion's identity key into the account, sealed with the secret from the picture."""
    facts = {_RAW_ID: raw_id, _TIMESTAMP: now_s, _KEY_INDEX: device, _ACCOUNT_TYPE: 0, _DEVICE_TYPE: 0}
    details = Message.of({**facts}).encode()
    signature = xeddsa.sign(phone.private, _PHONE_SIGNS + details + companion)
    signed = Message.of({_DETAILS: details, _ACCOUNT_KEY: phone.public, _ACCOUNT_SIGNATURE: signature}).encode()
    seal = hmac.digest(secret, signed, hashlib.sha256)
    return Vouching(details, Message.of({_SIGNED: signed, _HMAC: seal}).encode())


def device_agreed(answer: bytes, details: bytes, *, phone: bytes, companion: bytes) -> bool:
    """Whether a device's answer holds the same details, signed with the identity key that the phone vouched for."""
    signed = Message.decode(answer)
    signature = signed.data(_DEVICE_SIGNATURE)
    agreed = _DEVICE_SIGNS + details + companion + phone
    return signed.data(_DETAILS) == details and xeddsa.verified(companion, agreed, signature)
