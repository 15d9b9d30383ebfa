"""WhatsApp's addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidField
from chalicelib.domain.jid import is_group, person_or_group, phone_in, phone_number, recipient


@pytest.mark.parametrize("text", ["+62 812-3456-7890", "6281234567890@s.whatsapp.net", "6281234567890@c.us"])
def test_a_number_is_read_from_its_jid_too(text: str) -> None:
    assert phone_number(text, field="phone") == "6281234567890"


@pytest.mark.parametrize("text", ["200000000000001@lid", "1-2@g.us", "6281234567890@", "@s.whatsapp.net"])
def test_a_jid_that_tells_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidField) as refused:
        phone_number(text, field="phone")
    assert refused.value.field == "phone"


@pytest.mark.parametrize(
    ("written", "jid"),
    [
        ("+62 898-7654-321", "628987654321@s.whatsapp.net"),
        ("628987654321@s.whatsapp.net", "628987654321@s.whatsapp.net"),
        ("628987654321@c.us", "628987654321@s.whatsapp.net"),
        (" 200000000000001@lid ", "200000000000001@lid"),
        ("5215574949947@s.whatsapp.net", "5215574949947@s.whatsapp.net"),
        ("22997123456@s.whatsapp.net", "22997123456@s.whatsapp.net"),
        ("\u2066whatsapp:+62 898\u20117654\u20117321\u2069", "6289876547321@s.whatsapp.net"),
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
        "1234",
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


@pytest.mark.parametrize("group", ["120363041234567890@g.us", "628987654321-1600000000@g.us"])
def test_a_group_is_itself_and_no_person(group: str) -> None:
    assert person_or_group(f"\u2066{group} ", field="to") == group
    assert is_group(group)
    assert not is_group("628987654321@s.whatsapp.net")
    assert person_or_group("+62 898-7654-321", field="to") == "628987654321@s.whatsapp.net"
    assert person_or_group("200000000000001@lid", field="to") == "200000000000001@lid"


@pytest.mark.parametrize(
    "written", ["x@g.us", "@g.us", "120363041234567890:1@g.us", f"{'1' * 33}@g.us", "status@broadcast", "1@newsletter"]
)
def test_what_is_neither_a_person_nor_a_group_is_refused(written: str) -> None:
    with pytest.raises(InvalidField, match="'to' must be a person or a group: ") as refused:
        person_or_group(written, field="to")
    assert refused.value.field == "to"


def test_a_number_is_read_from_a_number_s_jid_alone() -> None:
    assert phone_in("628987654321@s.whatsapp.net") == "628987654321"
    assert [phone_in(jid) for jid in ("200000000000001@lid", "1-2@g.us", "@s.whatsapp.net", None)] == [None] * 4
