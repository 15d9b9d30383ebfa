"""Linking codes as a phone reads them."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.whatsapp_server.codes import LinkingCode
from infra.whatsapp_server.errors import ForeignCode

KEYS = [bytes([n]) * 32 for n in range(3)]
PARTS = ",".join(["2@ref+/=", *(b64encode(key).decode() for key in KEYS)])


@pytest.mark.parametrize("text", [PARTS, f"https://wa.me/settings/linked_devices#{PARTS},1", f" {PARTS}\n"])
def test_older_and_newer_clients_codes_are_read(text: str) -> None:
    assert LinkingCode.parse(text) == LinkingCode("2@ref+/=", *KEYS)


@pytest.mark.parametrize("text", ["", "https://example.com", "a,b,c,d", PARTS.replace("2@ref+/=", ""), PARTS[:-8]])
def test_another_code_is_foreign(text: str) -> None:
    with pytest.raises(ForeignCode):
        LinkingCode.parse(text)


@given(st.text())
def test_any_text_is_a_code_or_foreign(text: str) -> None:
    with pytest.raises(ForeignCode):
        LinkingCode.parse(text)


def test_the_secret_is_not_shown() -> None:
    assert "secret" not in repr(LinkingCode.parse(PARTS))
