"""WhatsApp's addresses as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.node import SERVER, Jid, MalformedJid

plain = st.from_regex(r"[0-9a-z]{1,20}", fullmatch=True)


@given(plain, st.sampled_from(["s.whatsapp.net", "lid", "g.us"]), st.integers(0, 99))
def test_an_address_is_read_as_it_was_written(user: str, server: str, device: int) -> None:
    assert Jid.parse(str(Jid(user, server, device))) == Jid(user, server, device)


def test_the_server_alone_is_an_address() -> None:
    assert Jid.parse("s.whatsapp.net") == SERVER


@pytest.mark.parametrize("text", ["", "@lid", "1:x@lid", "1@"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(MalformedJid):
        Jid.parse(text)


def test_a_device_of_an_account_has_its_user_and_server() -> None:
    assert str(Jid("628", "s.whatsapp.net").on(3)) == "628:3@s.whatsapp.net"
