"""The padding of messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.whatsapp_server.signal.messages import Undecryptable, padded, unpadded


@given(st.binary())
def test_padding_comes_off_again(data: bytes) -> None:
    assert unpadded(padded(data)) == data
    assert 1 <= len(padded(data)) - len(data) <= 15


@pytest.mark.parametrize("data", [b"", b"a\x00", b"\x05"])
def test_what_isnt_padded_is_refused(data: bytes) -> None:
    with pytest.raises(Undecryptable):
        unpadded(data)
