"""Phone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidField
from chalicelib.domain.jid import phone_in, phone_number, recipient


@pytest.mark.parametrize("written", ["6281234567890", "+6281234567890", " +62 812-3456-7890 ", "62 (812) 3456.7890"])
def test_a_number_is_its_digits_however_it_is_written(written: str) -> None:
    assert phone_number(written, field="phone") == "6281234567890"


@pytest.mark.parametrize(
    "written", ["", "+", "12345", "0812345678", "+99912345678", "62" + "1" * 15, "x", "++621234567"]
)
def test_what_is_no_international_number_is_refused_by_name(written: str) -> None:
    with pytest.raises(InvalidField) as refused:
        phone_number(written, field="phone")
    assert refused.value.field == "phone"
    assert refused.value.hint


@given(st.text(max_size=40))
def test_any_text_is_digits_or_refused(written: str) -> None:
    try:
        digits = phone_number(written, field="phone")
    except InvalidField:
        return
    assert digits.isascii()
    assert digits.isdigit()
    assert len(digits) <= 15
    assert phone_number(digits, field="phone") == digits


@pytest.mark.parametrize(
    ("written", "jid"),
    [
        ("+62 898-7654-321", "628987654321@s.whatsapp.net"),
        ("628987654321@s.whatsapp.net", "628987654321@s.whatsapp.net"),
        ("628987654321@c.us", "628987654321@s.whatsapp.net"),
        (" 200000000000001@lid ", "200000000000001@lid"),
    ],
)
def test_a_recipient_is_a_person_s_jid_however_it_is_written(written: str, jid: str) -> None:
    assert recipient(written, field="to") == jid


@pytest.mark.parametrize(
    "written",
    [
        "",
        "@",
        "@s.whatsapp.net",
        "120363041234567890@g.us",
        "628987654321-1600000000@g.us",
        "status@broadcast",
        "120363041234567890@newsletter",
        "628987654321:3@s.whatsapp.net",
        "628987654321@s.whatsapp.net@s.whatsapp.net",
        "628987654321@evil.example",
        "x@lid",
        "200000000000001:1@lid",
        "628987654321\x00",
        "12345",
    ],
)
def test_who_is_no_person_gets_no_message(written: str) -> None:
    with pytest.raises(InvalidField) as refused:
        recipient(written, field="to")
    assert refused.value.field == "to"


@given(st.text(max_size=40) | st.from_regex(r"\+?[0-9]{5,16}(@(lid|c\.us|s\.whatsapp\.net|g\.us))?", fullmatch=True))
def test_any_text_is_a_jid_that_stays_itself_or_refused(written: str) -> None:
    try:
        jid = recipient(written, field="to")
    except InvalidField:
        return
    assert recipient(jid, field="to") == jid
    assert jid.endswith(("@lid", "@s.whatsapp.net"))


def test_a_number_is_read_from_a_number_s_jid_alone() -> None:
    assert phone_in("628987654321@s.whatsapp.net") == "628987654321"
    assert [phone_in(jid) for jid in ("200000000000001@lid", "1-2@g.us", "@s.whatsapp.net", None)] == [None] * 4
