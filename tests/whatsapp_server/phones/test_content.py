"""What messages say, as phones read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.node import Jid
from chalicelib.wire.proto.message_pb2 import (
    ContextInfo,
    ExtendedTextMessage,
    ImageMessage,
    Message,
    MessageContextInfo,
    MessageKey,
    ProtocolMessage,
)
from infra.whatsapp_server.phones import composing, content
from infra.whatsapp_server.phones.composing import Frame
from infra.whatsapp_server.phones.content import UNKNOWN, Content

BO = Jid("22", "lid")


def read(message: Message) -> Content:
    return content.read(message.SerializeToString())


@given(st.text(min_size=1))
def test_a_text_is_read_as_written(text: str) -> None:
    written = Frame().around(composing.text(text))
    found = content.read(written.message)
    assert (found.type, found.text, found.fields, found.context) == ("text", text, {"text": text}, {})
    assert (written.text, len(found.secret or b"")) == (text, 32)
    copy = content.read(content.copied(written.message, BO))
    assert (copy.text, copy.destination, copy.message) == (text, BO, written.message)


def test_a_clients_longer_form_of_text_is_read() -> None:
    found = read(Message(extendedTextMessage=ExtendedTextMessage(text="halo"), messageContextInfo=MessageContextInfo()))
    assert (found.type, found.text, found.silent) == ("text", "halo", False)


def test_what_is_no_text_is_seen_and_what_programs_say_isnt() -> None:
    assert read(Message(imageMessage=ImageMessage())).type == "image"
    notice = ProtocolMessage(type=ProtocolMessage.HISTORY_SYNC_NOTIFICATION)
    assert read(Message(protocolMessage=notice, messageContextInfo=MessageContextInfo())).silent
    assert read(Message(messageContextInfo=MessageContextInfo())).silent
    assert read(Message()).silent


@pytest.mark.parametrize(("data", "fields"), [(b"\xc2\x3e\x00", [1000]), (b"\xb2\x02\x02\x0a\x00", [38])])
def test_a_type_that_no_phone_knows_is_unknown_by_its_number(data: bytes, fields: list[int]) -> None:
    found = content.read(data)
    assert (found.type, found.fields, found.silent, found.message) == (UNKNOWN, {"fields": fields}, False, data)


def test_wrappers_are_looked_through_and_say_what_they_are_for() -> None:
    message = Message(imageMessage=ImageMessage(caption="x", contextInfo=ContextInfo(expiration=60)))
    for wrapper in ("ephemeralMessage", "viewOnceMessageV2", "groupMentionedMessage", "documentWithCaptionMessage"):
        outer = Message()
        getattr(outer, wrapper).message.CopyFrom(message)
        message = outer
    found = read(message)
    assert (found.type, found.fields["caption"]) == ("image", "x")
    assert found.context == {"expires_in": 60, "ephemeral": True, "view_once": True, "wrapped": True}
    assert content.unwrapped(message).imageMessage.caption == "x"


def test_an_image_once_opened_says_so_itself() -> None:
    assert read(Message(imageMessage=ImageMessage(viewOnce=True))).context == {"view_once": True}


def test_a_message_in_too_many_wrappers_is_refused() -> None:
    data = Message(conversation="x").SerializeToString()
    for _ in range(60):  # field 40, with a message of one field inside: less than 16,384 bytes
        inner = b"\x0a" + length(data) + data
        data = b"\xc2\x02" + length(inner) + inner
    with pytest.raises(ValueError, match="not a Message"):
        content.read(data)


def length(data: bytes) -> bytes:
    return bytes([len(data)]) if len(data) < 128 else bytes([len(data) & 127 | 128, len(data) >> 7])


def test_a_deletion_without_a_key_is_between_programs() -> None:
    assert read(Message(protocolMessage=ProtocolMessage(type=ProtocolMessage.REVOKE))).silent
    key = MessageKey(ID="3A01", fromMe=True)
    found = read(Message(protocolMessage=ProtocolMessage(type=ProtocolMessage.REVOKE, key=key)))
    assert (found.type, found.silent, found.about and found.about.id) == ("deletion", False, "3A01")


def test_a_copy_passes_on_what_the_phone_itself_cant_read() -> None:
    assert content.copied(b"\x0a\x02\xff\xfe", BO).endswith(b"\x12\x04\x0a\x02\xff\xfe")


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\x02\xff\xfe", b"\xfa\x01\x02\x0a\x00"])
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        content.read(data)
    assert content.read_leniently(data).type == UNKNOWN


def test_a_text_isnt_shown_by_accident() -> None:
    said = Frame().around(composing.text("secret"))
    assert "secret" not in repr(content.read(said.message))
    assert "secret" not in repr(said)
