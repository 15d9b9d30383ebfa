"""Accounts, their hidden ids and their devices' places."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.node import Jid
from infra.whatsapp_server.accounts import Accounts, lid_of

numbers = st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True)


@given(numbers)
def test_a_hidden_id_is_fifteen_digits_and_always_the_same(number: str) -> None:
    lid = lid_of(number)
    assert (len(lid), lid[0], lid.isdecimal()) == (15, "2", True)
    assert lid_of(number) == lid


def test_an_account_is_found_by_either_address() -> None:
    accounts = Accounts()
    account = accounts.opened("6281234567890", "Ana", 7)
    assert accounts.of(account.jid.on(3)) is account
    assert accounts.of(account.lid_jid) is account
    assert accounts.of(Jid(account.lid, "s.whatsapp.net")) is None


def test_a_number_registers_once_and_keeps_its_name_unless_given_another() -> None:
    accounts = Accounts()
    account = accounts.opened("6281234567890", None, 7)
    assert account.name == "6281234567890"
    assert accounts.opened("6281234567890", "Ana", 8) is account
    accounts.opened("6281234567890", None, 9)
    assert (account.name, account.raw_id, len(list(accounts))) == ("Ana", 7, 1)


def test_a_devices_number_never_returns() -> None:
    account = Accounts().opened("6281234567890", None, 7)
    assert [account.next_device() for _ in range(3)] == [1, 2, 3]
