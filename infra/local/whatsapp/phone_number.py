"""Phone numbers as WhatsApp writes them."""

import re

from infra.local.whatsapp.errors import WrongNumber

# 15 digits at most, as in E.164, none of them a leading zero. WhatsApp itself says which numbers exist; the loopback
# server takes any, also those of old plans, and forms that no plan has (Mexico's 521…).
_NUMBER = re.compile(r"\+?([1-9][0-9]{4,14})")


def phone_number(text: str) -> str:
    """The digits of an international number, given with or without a plus sign; else WrongNumber."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise WrongNumber("That is no phone number: 5 to 15 digits with the country code, such as 6281234567890.")
    return match[1]
