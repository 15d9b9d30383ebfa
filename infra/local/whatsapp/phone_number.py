"""Phone numbers as WhatsApp writes them."""

import re

from infra.local.whatsapp.errors import WrongNumber

# E.164: 15 digits at most, none of them a leading zero; no country's numbers are shorter than 7 with its code.
_NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")


def phone_number(text: str) -> str:
    """The digits of an international number, given with or without a plus sign; else WrongNumber."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise WrongNumber("That is no phone number: 7 to 15 digits with the country code, such as 6281234567890.")
    return match[1]
