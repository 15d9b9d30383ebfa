"""An account's settings as linked devices keep them in step: encrypted patches over collections (app state)."""

import hashlib
import hmac
import secrets
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from chalicelib.wire.curve25519 import KEY_SIZE, derived
from chalicelib.wire.proto.sync_pb2 import (
    KeyId,
    SyncActionData,
    SyncActionValue,
    SyncdIndex,
    SyncdMutation,
    SyncdPatch,
    SyncdRecord,
    SyncdValue,
    SyncdVersion,
)
from infra.whatsapp_server.accounts import Account

_ID_SIZE = 6


@dataclass(frozen=True, slots=True)
class SettingsKey:
    """The key that a phone shares with its linked devices, and the id by which patches name it."""

    id: bytes
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, account: Account) -> "SettingsKey":
        """An account's; it is always the same, so it needs no keeping."""
        grown = derived(account.identity.private, salt=None, info=b"settings key", size=_ID_SIZE + KEY_SIZE)
        return cls(grown[:_ID_SIZE], grown[_ID_SIZE:])


@dataclass(frozen=True, slots=True)
class MutationKeys:
    """Five keys, each for one purpose."""

    index: bytes = field(repr=False)
    cipher: bytes = field(repr=False)
    value_mac: bytes = field(repr=False)
    snapshot_mac: bytes = field(repr=False)
    patch_mac: bytes = field(repr=False)

    @classmethod
    def of(cls, key: SettingsKey) -> "MutationKeys":
        """Those that grow from a settings key."""
        grown = derived(key.data, salt=None, info=b"WhatsApp Mutation Keys", size=5 * KEY_SIZE)
        return cls(*(grown[at : at + KEY_SIZE] for at in range(0, len(grown), KEY_SIZE)))


SIZE = 128
_WORDS = struct.Struct(f"<{SIZE // 2}H")
EMPTY = bytes(SIZE)


def added(total: bytes, value_macs: Iterable[bytes]) -> bytes:
    """The hash with further values, each by its MAC."""
    words = _WORDS.unpack(total)
    for mac in value_macs:
        grown = _WORDS.unpack(derived(mac, salt=None, info=b"WhatsApp Patch Integrity", size=SIZE))
        words = tuple((a + b) & 0xFFFF for a, b in zip(words, grown, strict=True))
    return _WORDS.pack(*words)


FIRST = 1
_MAC_SIZE = 32
_BLOCK_BITS = 128
_IV_SIZE = 16


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting: its index (JSON), its value and the version of its kind."""

    index: bytes
    value: SyncActionValue = field(repr=False)
    version: int


def first_patch(collection: str, setting: Setting, key: SettingsKey) -> bytes:
    """The SyncdPatch that brings an empty collection to version 1."""
    keys = MutationKeys.of(key)
    sealed = _sealed(setting, keys, key.id)
    value_mac = sealed[-_MAC_SIZE:]
    version = FIRST.to_bytes(8, "big")
    total = added(EMPTY, [value_mac])
    snapshot_mac = _mac(keys.snapshot_mac, total, version, collection.encode())
    patch_mac = _mac(keys.patch_mac, snapshot_mac, value_mac, version, collection.encode())
    record = SyncdRecord(
        index=SyncdIndex(blob=_mac(keys.index, setting.index)), value=SyncdValue(blob=sealed), keyID=KeyId(ID=key.id)
    )
    patch = SyncdPatch(
        version=SyncdVersion(version=FIRST),
        mutations=[SyncdMutation(operation=SyncdMutation.SET, record=record)],
        snapshotMAC=snapshot_mac,
        patchMAC=patch_mac,
        keyID=KeyId(ID=key.id),
    )
    return patch.SerializeToString()


def _sealed(setting: Setting, keys: MutationKeys, key_id: bytes) -> bytes:
    """IV, ciphertext and MAC of a setting."""
    action = SyncActionData(index=setting.index, value=setting.value, padding=b"", version=setting.version)
    iv = secrets.token_bytes(_IV_SIZE)
    padder = PKCS7(_BLOCK_BITS).padder()
    encryptor = Cipher(algorithms.AES256(keys.cipher), modes.CBC(iv)).encryptor()
    padded = padder.update(action.SerializeToString()) + padder.finalize()
    ciphertext = iv + encryptor.update(padded) + encryptor.finalize()
    associated = bytes([SyncdMutation.SET + 1]) + key_id
    # The length at the end is that of what precedes the data: operation and key id.
    signed = associated + ciphertext + len(associated).to_bytes(8, "big")
    return ciphertext + hmac.digest(keys.value_mac, signed, hashlib.sha512)[:_MAC_SIZE]


def _mac(key: bytes, *parts: bytes) -> bytes:
    return hmac.digest(key, b"".join(parts), hashlib.sha256)
