"""Phone numbers as WhatsApp writes them."""

import pytest

from infra.whatsapp_server.control.request import phone_number
from infra.whatsapp_server.errors import WrongNumber


@pytest.mark.parametrize("text", ["6281234567890", "+6281234567890"])
def test_a_number_may_have_a_plus_sign(text: str) -> None:
    assert phone_number(text) == "6281234567890"


@pytest.mark.parametrize("text", ["5215574949947", "22997123456", "12345"])
def test_a_number_that_no_plan_has_is_one_all_the_same(text: str) -> None:
    assert phone_number(f"+{text}") == text


@pytest.mark.parametrize(
    "text", ["", "+", "0812345678", "1234", "1" * 16, "62 812345678", "62812345678a", "٦٢٨١٢٣٤٥٦٧٨"]
)
def test_what_is_no_international_number_is_refused(text: str) -> None:
    with pytest.raises(WrongNumber):
        phone_number(text)
