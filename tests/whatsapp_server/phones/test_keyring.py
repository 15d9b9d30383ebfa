"""A phone's keys."""

from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.phones.encryption import Keyring, registration_of
from infra.whatsapp_server.storage import Database


def an_account(number: str = "6281234567890") -> Account:
    return Accounts().opened(number, None, 7)


def test_each_bundle_has_a_one_time_key_of_its_own(database: Database) -> None:
    keyring, account = Keyring(database), an_account()
    given = [keyring.bundle(account) for _ in range(3)]
    assert len({bundle.prekey for bundle in given}) == 3
    assert len({bundle.signed for bundle in given}) == 1
    assert all(bundle.genuine for bundle in given)


def test_the_owner_finds_the_keys_he_gave_out_and_no_others(database: Database) -> None:
    account = an_account()
    bundle = Keyring(database).bundle(account)
    owner = Keyring(database).owner(account)
    assert bundle.prekey
    prekey, signed = owner.prekey(bundle.prekey.id), owner.signed(bundle.signed.id)
    assert prekey
    assert signed
    assert (prekey.public, signed.public) == (bundle.prekey.value, bundle.signed.value)
    assert [owner.prekey(number) for number in (0, bundle.prekey.id + 1)] == [None, None]
    assert owner.signed(2) is None


def test_phones_have_nothing_in_common(database: Database) -> None:
    keyring = Keyring(database)
    ana, bo = keyring.bundle(an_account()), keyring.bundle(an_account("628111111111"))
    assert ana.signed.value != bo.signed.value
    assert ana.prekey != bo.prekey


def test_a_registration_id_is_never_zero() -> None:
    assert registration_of(an_account()) == b"\0\0\0\x08"
