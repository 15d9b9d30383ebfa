"""Which session a caller means."""

import pytest

from chalicelib.domain.errors import SessionNotFound
from chalicelib.domain.session import Device
from chalicelib.services.sessions.naming import LOOKED_THROUGH, Naming, is_called
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
