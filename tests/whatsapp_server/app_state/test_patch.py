"""The patch that tells a device its name, opened as a device does."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from chalicelib.wire.proto import parse
from chalicelib.wire.proto.sync_pb2 import PushNameSetting, SyncActionData, SyncActionValue, SyncdPatch
from infra.whatsapp_server.accounts import Accounts
from infra.whatsapp_server.app_state import EMPTY, MutationKeys, Setting, SettingsKey, added, first_patch

KEY = SettingsKey.of(Accounts().opened("6281234567890", None, 7))
KEYS = MutationKeys.of(KEY)
SETTING = Setting(b'["setting_pushName"]', SyncActionValue(pushNameSetting=PushNameSetting(name="Ana")), 1)


def patch() -> SyncdPatch:
    return parse(SyncdPatch, first_patch("critical_block", SETTING, KEY))


def sealed(of: SyncdPatch) -> bytes:
    return of.mutations[0].record.value.blob


def test_the_setting_comes_out_again() -> None:
    blob = sealed(patch())
    decryptor = Cipher(algorithms.AES256(KEYS.cipher), modes.CBC(blob[:16])).decryptor()
    unpadder = PKCS7(128).unpadder()
    plain = unpadder.update(decryptor.update(blob[16:-32]) + decryptor.finalize()) + unpadder.finalize()
    action = parse(SyncActionData, plain)
    assert (action.index, action.value, action.version) == (SETTING.index, SETTING.value, 1)


def test_value_index_snapshot_and_patch_are_authenticated() -> None:
    found = patch()
    blob = sealed(found)
    signed = b"\1" + KEY.id + blob[:-32] + (7).to_bytes(8, "big")
    assert blob[-32:] == hmac.digest(KEYS.value_mac, signed, hashlib.sha512)[:32]
    assert found.mutations[0].record.index.blob == hmac.digest(KEYS.index, SETTING.index, hashlib.sha256)
    version = (1).to_bytes(8, "big") + b"critical_block"
    total = added(EMPTY, [blob[-32:]])
    assert found.snapshotMAC == hmac.digest(KEYS.snapshot_mac, total + version, hashlib.sha256)
    assert found.patchMAC == hmac.digest(KEYS.patch_mac, found.snapshotMAC + blob[-32:] + version, hashlib.sha256)


def test_the_key_is_the_accounts_own_and_stays() -> None:
    assert (len(KEY.id), len(KEY.data)) == (6, 32)
    assert SettingsKey.of(Accounts().opened("6281234567890", None, 7)) != KEY  # another identity
    assert KEY.id == patch().keyID.ID
