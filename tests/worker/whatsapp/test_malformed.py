"""Texts that aren't UTF-8, as the real protobuf classes hand them over.

What is left of a message that protobuf refuses to parse."""

from typing import Any

import pytest

from chalicelib.worker.whatsapp.malformed import info_of, make_readable
from tests.worker.protos import messages, neonize
from tests.worker.protos import neonize as wa
from tests.worker.whatsapp.test_incoming import DIRECT, a_text, an_info

BAD, READABLE = b"caf\xe9", "caf\ufffd"


def field(number: int, data: bytes) -> bytes:
    """A field of bytes on the wire."""
    return bytes([number << 3 & 0x7F | 2 | 0x80, number >> 4, len(data)]) + data


def read(kind: Any, *fields: bytes) -> Any:
    message = kind.FromString(b"".join(fields))
    make_readable(message)
    return message


def test_a_text_a_text_within_and_a_list_of_texts_are_made_readable() -> None:
    context = field(15, BAD) + field(15, b"ana@lid")
    message = read(messages.Message, field(1, BAD), field(6, field(1, BAD) + field(17, context)))
    assert message.conversation == READABLE
    assert message.extendedTextMessage.text == READABLE
    assert list(message.extendedTextMessage.contextInfo.mentionedJID) == [READABLE, "ana@lid"]


def test_names_in_an_event_and_lists_of_messages_are_too() -> None:
    names = neonize.MessageInfo.DESCRIPTOR.fields_by_name["Pushname"].number
    event = read(neonize.Message, field(neonize.Message.DESCRIPTOR.fields_by_name["Info"].number, field(names, BAD)))
    assert event.Info.Pushname == READABLE
    contacts = messages.Message.DESCRIPTOR.fields_by_name["contactsArrayMessage"].number
    listed = field(2, field(1, BAD)) + field(2, field(1, b"Bo"))
    found = read(messages.Message, field(contacts, listed)).contactsArrayMessage.contacts
    assert [one.displayName for one in found] == [READABLE, "Bo"]


def test_bytes_that_are_meant_to_be_bytes_stay() -> None:
    image = read(messages.Message, field(3, field(8, BAD)))
    assert image.imageMessage.mediaKey == BAD


@pytest.mark.parametrize("name", ["Bo", "B" * 200, "B" * 20_000])
def test_who_wrote_it_is_read_whatever_follows(name: str) -> None:
    event = a_text(DIRECT, Pushname=name).SerializePartialToString()
    info = info_of(event + b"\xff\xff")
    assert info is not None
    assert wa.MessageInfo.FromString(info) == an_info(DIRECT, Pushname=name)


@pytest.mark.parametrize("event", [b"", b"\x0a", b"\x0a\x05abc", b"\x12\x01a", b"\x0a\xff\xff\xff\xff\xff\xff"])
def test_what_doesnt_begin_with_it_is_nobodys(event: bytes) -> None:
    assert info_of(event) is None
