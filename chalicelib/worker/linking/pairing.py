"""What a phone vouches for when it links a device (ADV, account device verification), and what the device answers."""

import hashlib
import hmac
from dataclasses import dataclass, field

from chalicelib.wire.curve25519 import sign, verified
from chalicelib.wire.node import HOSTED as HOSTED_PHONES
from chalicelib.wire.node import PHONES, Jid, MissingPart, Node
from chalicelib.wire.proto import MalformedMessage, parse
from chalicelib.wire.proto.handshake_pb2 import (
    HOSTED,
    ADVDeviceIdentity,
    ADVSignedDeviceIdentity,
    ADVSignedDeviceIdentityHMAC,
)
from chalicelib.worker.linking.registration import DeviceKeys

_ACCOUNT_SIGNS = b"\x06\x00"
_HOST_SIGNS = b"\x06\x05"
"""What a business signs whose account Meta hosts; its container is sealed with the same in front."""
_DEVICE_SIGNS = b"\x06\x01"


class BadVoucher(Exception):
    """The phone's answer isn't good: ``code`` and the text are what WhatsApp is told, as its own clients do."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class LinkedDevice:
    """A device that an account's phone has vouched for, as it is to be stored."""

    jid: Jid
    lid: Jid | None
    platform: str
    business_name: str
    keys: DeviceKeys = field(repr=False)
    secret: bytes = field(repr=False)
    details: bytes = field(repr=False)
    account_key: bytes = field(repr=False)
    account_signature: bytes = field(repr=False)
    device_signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Voucher:
    """A linked device, and the answer to the pair-success that told of it."""

    device: LinkedDevice
    answer: Node


def check(success: Node, keys: DeviceKeys, secret: bytes) -> Voucher:
    """Check an ``<iq><pair-success>`` against the secret that was on show; BadVoucher if it isn't good."""
    try:
        return _checked(success, keys, secret)
    except (MissingPart, MalformedMessage) as error:
        raise BadVoucher(500, "internal-error") from error


def _checked(success: Node, keys: DeviceKeys, secret: bytes) -> Voucher:
    pairing = success.get("pair-success")
    container = parse(ADVSignedDeviceIdentityHMAC, pairing.get("device-identity").data)
    sealed = (_HOST_SIGNS if container.accountType == HOSTED else b"") + container.details
    if not hmac.compare_digest(hmac.digest(secret, sealed, hashlib.sha256), container.HMAC):
        raise BadVoucher(401, "hmac-mismatch")
    identity = parse(ADVSignedDeviceIdentity, container.details)
    facts = parse(ADVDeviceIdentity, identity.details)
    prefix = _HOST_SIGNS if facts.deviceType == HOSTED else _ACCOUNT_SIGNS
    account, ours = identity.accountSignatureKey, keys.identity
    if not verified(account, prefix + identity.details + ours.public, identity.accountSignature):
        raise BadVoucher(401, "signature-mismatch")
    signature = sign(ours.private, _DEVICE_SIGNS + identity.details + ours.public + account)
    device = LinkedDevice(
        jid=_phone(pairing),
        lid=_lid(pairing),
        platform=_name(pairing, "platform"),
        business_name=_name(pairing, "biz"),
        keys=keys,
        secret=secret,
        details=identity.details,
        account_key=account,
        account_signature=identity.accountSignature,
        device_signature=signature,
    )
    # The account's key is stored and not sent: WhatsApp's clients leave it out.
    agreed = ADVSignedDeviceIdentity(
        details=identity.details, accountSignature=identity.accountSignature, deviceSignature=signature
    )
    child = Node("device-identity", {"key-index": str(facts.keyIndex)}, agreed.SerializeToString())
    return Voucher(device, Node("pair-device-sign", {}, (child,)))


def _phone(pairing: Node) -> Jid:
    jid = pairing.get("device").jid("jid")
    # The library logs in with the number.
    if jid.server not in {PHONES, HOSTED_PHONES} or not (jid.user.isdecimal() and jid.user.isascii()):
        raise MissingPart("the device has no number")
    return jid


def _lid(pairing: Node) -> Jid | None:
    lid = pairing.get("device").attributes.get("lid")
    return lid if isinstance(lid, Jid) and lid.user else None


def _name(pairing: Node, tag: str) -> str:
    node = pairing.find(tag)
    return node.text("name") if node else ""
