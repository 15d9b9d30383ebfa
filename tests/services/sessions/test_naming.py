"""Which session a caller means."""

import pytest

from chalicelib.domain.errors import PhoneMismatch, SessionNotFound
from chalicelib.domain.session import Device
from chalicelib.services.sessions.sessions import LOOKED_THROUGH, Naming, is_called
from tests.fakes import MemorySessions
from tests.makers import DEVICE, a_session

SHOP = a_session(id="shop.7", uid="shop", phone="491701234567", device=Device("4917099999999:3@s.whatsapp.net"))


@pytest.mark.parametrize("name", ["shop.7", "491701234567", "+49 170 1234567", "4917099999999", "+49 (170) 999-99999"])
def test_a_session_is_called_by_its_id_and_its_numbers(name: str) -> None:
    assert is_called(SHOP, name)


@pytest.mark.parametrize("name", ["shop", "SHOP.7", "", "+", "49170123456", "None"])
def test_and_by_nothing_else(name: str) -> None:
    assert not is_called(SHOP, name)
    assert not is_called(a_session(), name)


def test_a_session_s_own_id_comes_before_another_s_number() -> None:
    store = MemorySessions()
    store.create(a_session(id="aaa", uid="aaa", device=DEVICE))
    store.create(a_session(id="6281234567890", uid="bbb"))
    assert Naming(store).find("default", "+6281234567890", alone=None).uid == "bbb"


def test_a_number_is_looked_for_among_so_many_sessions_and_no_more() -> None:
    store = MemorySessions()
    for number in range(LOOKED_THROUGH):
        store.create(a_session(id=f"s{number:04}", uid=f"s{number:04}"))
    store.create(a_session(id="s0999a", uid="last", device=DEVICE))
    with pytest.raises(SessionNotFound):
        Naming(store).find("default", "6281234567890", alone=None)
    del store.rows["s0000"]
    assert Naming(store).find("default", "6281234567890", alone=None).uid == "last"


WRONG = a_session(id="628111111111", uid="wrong", phone="628111111111", device=DEVICE)
"""Created for one number, linked by another."""


def test_a_number_never_means_a_session_that_another_account_is_linked_to() -> None:
    store = MemorySessions()
    store.create(WRONG)
    naming = Naming(store)
    for name in ("628111111111", "+62 811-1111-111"):
        for alone in (None, "628111111111"):
            with pytest.raises(PhoneMismatch) as refused:
                naming.find_by_phone("default", name, alone=alone)
            assert (refused.value.code, refused.value.status, refused.value.field) == ("PHONE_MISMATCH", 409, "phone")
            assert refused.value.session == WRONG
    with pytest.raises(PhoneMismatch):
        naming.find("default", "+628111111111", alone=None)
    assert naming.find_by_phone("default", "6281234567890", alone=None).uid == "wrong"
    assert naming.find("default", "628111111111", alone=None).uid == "wrong", "its id, whatever is linked"


def test_a_number_means_the_session_that_is_linked_by_it_before_one_that_was_to_be() -> None:
    store = MemorySessions()
    store.create(WRONG)
    store.create(a_session(id="zzz", uid="right", device=Device("628111111111:1@s.whatsapp.net")))
    assert Naming(store).find_by_phone("default", "628111111111", alone=None).uid == "right"


@pytest.mark.parametrize("name", ["525574949947", "+52 1 55 7494 9947"])
def test_a_number_in_either_form_means_its_account(name: str) -> None:
    store = MemorySessions()
    store.create(a_session(id="mx", uid="mx", phone="525574949947", device=Device("5215574949947:1@s.whatsapp.net")))
    assert Naming(store).find_by_phone("default", name, alone=None).uid == "mx"


@pytest.mark.parametrize("name", ["whatsapp:+6281234567890", "\u202a+62 812-3456-7890\u202c"])
def test_a_number_is_read_however_it_was_copied(name: str) -> None:
    store = MemorySessions()
    store.create(a_session(device=DEVICE))
    assert Naming(store).find("default", name, alone=None).uid == a_session().uid
