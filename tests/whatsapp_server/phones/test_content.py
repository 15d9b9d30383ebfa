"""The content of messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.node import Jid
from chalicelib.wire.protobuf import WireMessage
from infra.whatsapp_server.phones import content
from infra.whatsapp_server.phones.content import Content

BO = Jid("22", "lid")


@given(st.text())
def test_a_text_is_read_as_written(text: str) -> None:
    assert content.read(content.written(text).encode()) == Content(text)
    assert content.read(content.copied(content.written(text).encode(), BO).encode()) == Content(text, BO)


def test_a_clients_longer_form_of_text_is_read() -> None:
    assert content.read(WireMessage.of({6: WireMessage.of({1: "halo"}), 35: WireMessage.of({})}).encode()) == Content(
        "halo"
    )


def test_what_is_no_text_is_seen_and_what_programs_say_isnt() -> None:
    assert content.read(WireMessage.of({3: WireMessage.of({})}).encode()) == Content(None)
    assert content.read(WireMessage.of({12: WireMessage.of({2: 5}), 35: WireMessage.of({})}).encode()).silent


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\x02\xff\xfe", b"\xfa\x01\x02\x0a\x00"])
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        content.read(data)


def test_a_text_isnt_shown_by_accident() -> None:
    assert "secret" not in repr(content.read(content.written("secret").encode()))
