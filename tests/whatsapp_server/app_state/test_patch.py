"""The patch that tells a device its name, opened as a device does."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from chalicelib.wire.protobuf import WireMessage
from infra.whatsapp_server.accounts import Accounts
from infra.whatsapp_server.app_state import EMPTY, MutationKeys, Setting, SettingsKey, added, first_patch

KEY = SettingsKey.of(Accounts().opened("6281234567890", None, 7))
KEYS = MutationKeys.of(KEY)
SETTING = Setting(b'["setting_pushName"]', WireMessage.of({7: WireMessage.of({1: "Ana"})}), 1)


def patch() -> WireMessage:
    return WireMessage.decode(first_patch("critical_block", SETTING, KEY))


def sealed(of: WireMessage) -> bytes:
    return of.message(2).message(2).message(2).data(1)


def test_the_setting_comes_out_again() -> None:
    blob = sealed(patch())
    decryptor = Cipher(algorithms.AES256(KEYS.cipher), modes.CBC(blob[:16])).decryptor()
    unpadder = PKCS7(128).unpadder()
    plain = unpadder.update(decryptor.update(blob[16:-32]) + decryptor.finalize()) + unpadder.finalize()
    action = WireMessage.decode(plain)
    assert (action.data(1), action.message(2), action.number(4)) == (SETTING.index, SETTING.value, 1)


def test_value_index_snapshot_and_patch_are_authenticated() -> None:
    found = patch()
    blob = sealed(found)
    signed = b"\1" + KEY.id + blob[:-32] + (7).to_bytes(8, "big")
    assert blob[-32:] == hmac.digest(KEYS.value_mac, signed, hashlib.sha512)[:32]
    record = found.message(2).message(2)
    assert record.message(1).data(1) == hmac.digest(KEYS.index, SETTING.index, hashlib.sha256)
    version = (1).to_bytes(8, "big") + b"critical_block"
    total = added(EMPTY, [blob[-32:]])
    assert found.data(4) == hmac.digest(KEYS.snapshot_mac, total + version, hashlib.sha256)
    assert found.data(5) == hmac.digest(KEYS.patch_mac, found.data(4) + blob[-32:] + version, hashlib.sha256)


def test_the_key_is_the_accounts_own_and_stays() -> None:
    assert (len(KEY.id), len(KEY.data)) == (6, 32)
    assert SettingsKey.of(Accounts().opened("6281234567890", None, 7)) != KEY  # another identity
    assert patch().message(6).data(1) == KEY.id
