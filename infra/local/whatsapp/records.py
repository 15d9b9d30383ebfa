"""Accounts as JSON records, and back."""

from base64 import b64decode, b64encode
from typing import Any

from infra.local.whatsapp.accounts import Account, Device, PreKey
from infra.local.whatsapp.keys import KEY_SIZE, KeyPair

_ID_SIZE = 3
_PREKEY_SIZE = _ID_SIZE + KEY_SIZE


def to_record(account: Account) -> dict[str, Any]:
    """What is stored of an account. A device's 812 one-time keys are one text: id and value of each in a row."""
    return {
        "number": account.number,
        "lid": account.lid,
        "identity": _text(account.identity.private),
        "raw_id": account.raw_id,
        "name": account.name,
        "last_device": account.last_device,
        "devices": [_device_record(device) for device in account.devices.values()],
    }


def from_record(record: dict[str, Any]) -> Account:
    """The account of a record that `to_record` made."""
    return Account(
        number=record["number"],
        lid=record["lid"],
        identity=KeyPair.from_private(b64decode(record["identity"])),
        raw_id=record["raw_id"],
        name=record["name"],
        last_device=record["last_device"],
        devices={device["number"]: _device(device) for device in record["devices"]},
    )


def _device_record(device: Device) -> dict[str, Any]:
    signed = device.signed_prekey
    return {
        "number": device.number,
        "noise_key": _text(device.noise_key),
        "identity": _text(device.identity),
        "registration": _text(device.registration),
        "signed_prekey": [_text(part) for part in (signed.id, signed.value, signed.signature)],
        "platform": device.platform,
        "linked_at": device.linked_at,
        "prekeys": _text(b"".join(key.id + key.value for key in device.prekeys)),
    }


def _device(record: dict[str, Any]) -> Device:
    packed = b64decode(record["prekeys"])
    keys = (packed[at : at + _PREKEY_SIZE] for at in range(0, len(packed), _PREKEY_SIZE))
    return Device(
        number=record["number"],
        noise_key=b64decode(record["noise_key"]),
        identity=b64decode(record["identity"]),
        registration=b64decode(record["registration"]),
        signed_prekey=PreKey(*(b64decode(part) for part in record["signed_prekey"])),
        platform=record["platform"],
        linked_at=record["linked_at"],
        prekeys=[PreKey(key[:_ID_SIZE], key[_ID_SIZE:]) for key in keys],
    )


def _text(data: bytes) -> str:
    return b64encode(data).decode()
