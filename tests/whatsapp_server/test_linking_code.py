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


ADDRESSES = st.sampled_from(["", "https://wa.me/settings/linked_devices#", "linked_devices#", "https://example.com/#"])
REFERENCES = st.text("2@ref+/=", max_size=3)
KEYS_OF_ANY_SIZE = st.lists(st.binary(min_size=32, max_size=32) | st.binary(max_size=33), min_size=2, max_size=3)


@given(ADDRESSES, REFERENCES, KEYS_OF_ANY_SIZE, st.sampled_from(["", ",1", ",", "\n"]))
def test_a_text_is_a_code_if_it_has_a_reference_and_three_keys_and_is_foreign_otherwise(
    address: str, reference: str, keys: list[bytes], rest: str
) -> None:
    text = address + ",".join([reference, *(b64encode(key).decode() for key in keys)]) + rest
    if len(keys) == 3 and {len(key) for key in keys} == {32} and (reference or address == "https://example.com/#"):
        known = reference if address != "https://example.com/#" else address + reference
        assert LinkingCode.parse(text) == LinkingCode(known, *keys)
    else:
        with pytest.raises(ForeignCode):
            LinkingCode.parse(text)


@given(st.text())
def test_a_text_that_nobody_made_as_a_code_is_foreign(text: str) -> None:
    with pytest.raises(ForeignCode):
        LinkingCode.parse(text)


def test_the_secret_is_not_shown() -> None:
    assert "secret" not in repr(LinkingCode.parse(PARTS))
