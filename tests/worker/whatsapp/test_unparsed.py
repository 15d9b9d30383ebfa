"""What is left of a message that protobuf refuses to parse."""

import pytest

from chalicelib.worker.whatsapp.unparsed import info_of
from tests.worker.protos import neonize as wa
from tests.worker.whatsapp.test_incoming import DIRECT, a_text, an_info


@pytest.mark.parametrize("name", ["Bo", "B" * 200, "B" * 20_000])
def test_who_wrote_it_is_read_whatever_follows(name: str) -> None:
    event = a_text(DIRECT, Pushname=name).SerializePartialToString()
    info = info_of(event + b"\xff\xff")
    assert info is not None
    assert wa.MessageInfo.FromString(info) == an_info(DIRECT, Pushname=name)


@pytest.mark.parametrize("event", [b"", b"\x0a", b"\x0a\x05abc", b"\x12\x01a", b"\x0a\xff\xff\xff\xff\xff\xff"])
def test_what_doesnt_begin_with_it_is_nobodys(event: bytes) -> None:
    assert info_of(event) is None
