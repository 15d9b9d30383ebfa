"""Phone numbers: as people write them, and in the forms that WhatsApp knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidField
from chalicelib.domain.phone import advice, digits_in, forms, is_same_number, phone_number


@pytest.mark.parametrize(
    "written",
    [
        "6281234567890",
        "+6281234567890",
        " +62 812-3456-7890 ",
        "62 (812) 3456.7890",
        "+(62) 812/3456/7890",
        "whatsapp:+6281234567890",
        "WhatsApp: 6281234567890",
        "tel:+62-812-3456-7890",
        "\u202a+62 812-3456-7890\u202c",
        "\u2066+62\u20118123456\u20117890\u2069",
        "\ufeff62\u00ad812\u200b3456\u200d7890",
        "\u200e+62\u00a0812\u20133456\u22127890\u200f",
        "\u200ftel:+6281234567890",
        "\uff0b6281234567890",
    ],
)
def test_a_number_is_its_digits_however_it_is_written(written: str) -> None:
    assert phone_number(written, field="phone") == "6281234567890"


@pytest.mark.parametrize(
    "number",
    [
        "5215574949947",  # Mexico, as WhatsApp writes it
        "5491123456789",
        "22507123456",  # Ivory Coast before 2021
        "22997123456",  # Benin before 2024
        "23777123456",  # Cameroon before 2014
        "99912345678",
        "12345",
        "1" * 15,
    ],
)
def test_a_number_that_whatsapp_may_use_is_good_whatever_the_tables_say(number: str) -> None:
    assert phone_number(f"+{number}", field="to") == number


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "'phone' is empty."),
        ("\u200b", "'phone' is empty."),
        ("whatsapp:", "'phone' is empty."),
        ("+", "'phone' is not a phone number."),
        ("++621234567", "'phone' is not a phone number."),
        ("1234", "'phone' is too short: 5 digits at least."),
        ("62" + "1" * 14, "'phone' is too long: 15 digits at most."),
        ("Ana", "'phone' is not a phone number: it has letters in it."),
        ("sip:+6281234567890", "'phone' is not a phone number: it has letters in it."),
        ("+62812#1", "'phone' is not a phone number: it has U+0023 (NUMBER SIGN) in it."),
        ("62812\x003456", "'phone' is not a phone number: it has U+0000 (a control character) in it."),
        ("\u0666\u0662\u0668", "'phone' is not a phone number: it has U+0666 (ARABIC-INDIC DIGIT SIX) in it."),
    ],
)
def test_what_is_no_international_number_is_refused_by_what_is_wrong(written: str, sentence: str) -> None:
    with pytest.raises(InvalidField) as refused:
        phone_number(written, field="phone")
    assert (refused.value.message, refused.value.field) == (sentence, "phone")
    assert refused.value.hint


@pytest.mark.parametrize("written", ["0812345678", "+0812345678", "006281234567890"])
def test_a_number_as_it_is_dialled_at_home_is_refused_with_advice(written: str) -> None:
    with pytest.raises(InvalidField, match="begins with 0") as refused:
        phone_number(written, field="phone")
    assert "country code" in (refused.value.hint or "")


@given(st.text(max_size=40))
def test_any_text_is_digits_or_refused(written: str) -> None:
    try:
        digits = phone_number(written, field="phone")
    except InvalidField:
        return
    assert digits.isascii()
    assert digits.isdigit()
    assert 5 <= len(digits) <= 15
    assert phone_number(digits, field="phone") == digits
    assert digits_in(written) == digits


def test_only_what_is_written_as_a_number_has_digits() -> None:
    assert [digits_in(text) for text in ("whatsapp:+62 81", "ana", "", "6281@lid")] == ["6281", None, None, None]


@pytest.mark.parametrize(
    ("number", "other"),
    [
        ("5215574949947", "525574949947"),
        ("525574949947", "5215574949947"),
        ("5491123456789", "541123456789"),
        ("541123456789", "5491123456789"),
        ("5511987654321", "551187654321"),
        ("551187654321", "5511987654321"),
        ("5511912345678", "551112345678"),
    ],
)
def test_some_numbers_have_two_forms(number: str, other: str) -> None:
    assert forms(number) == (number, other)
    assert is_same_number(number, other)
    assert is_same_number(other, number)


@pytest.mark.parametrize(
    "number",
    ["6281234567890", "551133334444", "5511933334444", "5215574949", "52155749499471", "5500987654321", "5411234567"],
)
def test_other_numbers_have_one(number: str) -> None:
    assert forms(number) == (number,)


@given(st.from_regex(r"(52|521|54|549|55|62)[0-9]{3,12}", fullmatch=True))
def test_forms_are_each_other_s(number: str) -> None:
    assert {frozenset(forms(one)) for one in forms(number)} == {frozenset(forms(number))}


def test_the_tables_advise_on_a_number_that_nobody_has() -> None:
    assert advice("6281234567890") is None
    assert advice("5215574949947") == "+5215574949947 looks too long for a number of its country."
    assert advice("22507123456") == "+22507123456 looks too short for a number of its country."
    assert advice("99912345678") == "+99912345678 doesn't begin with a country code."
