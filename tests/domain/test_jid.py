"""Phone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidField
from chalicelib.domain.jid import phone_number


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
