"""The content of messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.node import Jid
from chalicelib.wire.proto.message_pb2 import (
    ExtendedTextMessage,
    ImageMessage,
    Message,
    MessageContextInfo,
    ProtocolMessage,
)
from infra.whatsapp_server.phones import content
from infra.whatsapp_server.phones.content import Content

BO = Jid("22", "lid")


@given(st.text())
def test_a_text_is_read_as_written(text: str) -> None:
    written = content.text(text).message
    assert content.read(written) == Content(text)
    assert content.read(content.copied(written, BO)) == Content(text, BO)


def test_a_clients_longer_form_of_text_is_read() -> None:
    message = Message(extendedTextMessage=ExtendedTextMessage(text="halo"), messageContextInfo=MessageContextInfo())
    assert content.read(message.SerializeToString()) == Content("halo")


def test_what_is_no_text_is_seen_and_what_programs_say_isnt() -> None:
    assert content.read(Message(imageMessage=ImageMessage()).SerializeToString()) == Content(None)
    assert content.read(b"\xc2\x3e\x00") == Content(None)  # a field 1000, which no WhatsApp has yet
    notice = ProtocolMessage(type=ProtocolMessage.HISTORY_SYNC_NOTIFICATION)
    between_programs = Message(protocolMessage=notice, messageContextInfo=MessageContextInfo())
    assert content.read(between_programs.SerializeToString()).silent


def test_a_copy_passes_on_what_the_phone_itself_cant_read() -> None:
    assert content.copied(b"\x0a\x02\xff\xfe", BO).endswith(b"\x12\x04\x0a\x02\xff\xfe")


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\x02\xff\xfe", b"\xfa\x01\x02\x0a\x00"])
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        content.read(data)


def test_a_text_isnt_shown_by_accident() -> None:
    assert "secret" not in repr(content.read(content.text("secret").message))
