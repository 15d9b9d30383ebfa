"""WhatsApp accounts and their linked devices, and the JSON records that keep them."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chalicelib.wire.curve25519 import KEY_SIZE, KeyPair
from chalicelib.wire.node import LIDS, PHONES, Jid
from infra.whatsapp_server.passkeys import Passkey


@dataclass(frozen=True, slots=True)
class PreKey:
    """A companion's one-time or signed key: id (3 bytes), public key, and the signature of a signed one."""

    id: bytes
    value: bytes
    signature: bytes = b""


@dataclass(slots=True)
class Device:
    """A linked device. `number` is its place in the account; the Noise key is what it logs in with."""

    number: int
    noise_key: bytes
    identity: bytes
    registration: bytes
    signed_prekey: PreKey
    platform: str
    linked_at: int
    prekeys: list[PreKey] = field(default_factory=list)


@dataclass(slots=True)
class Account:
    """One phone number: its hidden id (LID), the phone's identity keys, the name it shows, its linked devices.

    A `hosted` one is a business's whose messages WhatsApp itself keeps: it vouches for devices by other signatures.
    """

    number: str
    lid: str
    identity: KeyPair
    raw_id: int
    name: str
    last_device: int = 0
    devices: dict[int, Device] = field(default_factory=dict)
    hosted: bool = False
    passkey: Passkey | None = None

    @property
    def jid(self) -> Jid:
        """The address by phone number."""
        return Jid(self.number, PHONES)

    @property
    def lid_jid(self) -> Jid:
        """The address by hidden id, which clients use for all else."""
        return Jid(self.lid, LIDS)

    def next_device(self) -> int:
        """A place for one more device; a number never returns after its device is gone."""
        self.last_device += 1
        return self.last_device


def lid_of(number: str) -> str:
    """The hidden id of a phone number: 15 digits that begin with 2, the same each time."""
    digest = hashlib.sha256(f"lid of {number}".encode()).digest()
    return f"2{int.from_bytes(digest[:8], 'big') % 10**14:014d}"


class Accounts:
    """All accounts, found by number or LID."""

    def __init__(self) -> None:
        self._by_number: dict[str, Account] = {}
        self._by_lid: dict[str, Account] = {}

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_number.values())

    def add(self, account: Account) -> None:
        """Take in an account."""
        self._by_number[account.number] = account
        self._by_lid[account.lid] = account

    def of(self, jid: Jid) -> Account | None:
        """The account behind an address of either kind."""
        return (self._by_lid if jid.server == LIDS else self._by_number).get(jid.user)

    def numbered(self, number: str) -> Account | None:
        """The account of a phone number."""
        return self._by_number.get(number)

    def opened(self, number: str, name: str | None, raw_id: int) -> Account:
        """The account of a number, registered now if it is new; a name given replaces the former one."""
        account = self._by_number.get(number)
        if account is None:
            account = Account(number, lid_of(number), KeyPair.generate(), raw_id, name or number)
            self.add(account)
        elif name:
            account.name = name
        return account


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
        "hosted": account.hosted,
        "passkey": [_text(part) for part in (account.passkey.id, account.passkey.private)] if account.passkey else None,
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
        hosted=record.get("hosted", False),
        passkey=Passkey(*(b64decode(part) for part in record["passkey"])) if record.get("passkey") else None,
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
