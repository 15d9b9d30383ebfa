"""Phone numbers: how people write them, and the forms of one number that WhatsApp may know it by.

WhatsApp decides which numbers exist. It uses some that no table of numbering plans calls possible (Mexico's 521…, the
old plans of Benin or the Ivory Coast), so tables only advise on a number that WhatsApp doesn't know.
"""

import re
import unicodedata
from typing import Final

from chalicelib.domain.errors import InvalidField, InvalidPhone

SHORTEST: Final = 5
LONGEST: Final = 15
"""Digits of an international number, country code included."""

_SCHEME: Final = re.compile(r"(?:whatsapp|tel):", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\+?\(?[0-9][0-9 ().\-/]*", re.ASCII)
_HINT: Final = "Write it with its country code, such as +6281234567890."
_NATIONAL: Final = (
    "Leave out the leading zeros and write the country code in their place: +62812… for 0812… or 0062812…."
)


def written(text: str) -> str:
    """Return a phone number's text without what copying and linking leave in it.

    Without invisible characters (Unicode's format characters: marks of direction, zero-width spaces, soft hyphens) and
    the schemes ``whatsapp:`` and ``tel:``; dashes and spaces of all kinds become ASCII's.
    """
    return _SCHEME.sub("", "".join(map(_plain, text)).strip(), count=1).strip()


def phone_number(text: str, *, field: str) -> str:
    """Return the digits of an international number, written with or without ``+`` and separators.

    Any 5 to 15 digits that don't begin with 0 may be a number. Raises InvalidPhone, which says what is wrong.
    """
    bare = written(text)
    if not _NUMBER.fullmatch(bare):
        raise InvalidPhone(f"'{field}' {_wrong(bare)}.", field=field, hint=_HINT, given=text)
    digits = re.sub(r"[^0-9]", "", bare)
    if digits.startswith("0"):
        raise InvalidPhone(
            f"'{field}' begins with 0, as numbers do that are dialled within a country.",
            field=field,
            hint=_NATIONAL,
            given=text,
        )
    if len(digits) < SHORTEST:
        raise InvalidPhone(f"'{field}' is too short: {SHORTEST} digits at least.", field=field, hint=_HINT, given=text)
    if len(digits) > LONGEST:
        raise InvalidPhone(f"'{field}' is too long: {LONGEST} digits at most.", field=field, hint=_HINT, given=text)
    return digits


def dialled(text: str, *, country: str | None, beside: str | None, field: str) -> str:
    """Return the digits of an international number that may be written as it is dialled within its country.

    Which country that is says ``country`` (ISO 3166, two letters) or, for a number that begins with 0, ``beside``,
    another number's digits: people who write a number so mean their own country. Raises InvalidField.
    """
    bare = written(text)
    if not _NUMBER.fullmatch(bare) or bare.startswith("+") or not (country or (beside and bare.startswith("0"))):
        return phone_number(text, field=field)
    # Imported late, as in ``advice``.
    from phonenumbers import (  # noqa: PLC0415
        SUPPORTED_REGIONS,
        NumberParseException,
        PhoneNumberFormat,
        format_number,
        parse,
        region_code_for_number,
    )

    if country and country not in SUPPORTED_REGIONS:
        raise InvalidField("'country' is no country's two letters.", field="country", hint="Write ID for Indonesia.")
    try:
        region = country or region_code_for_number(parse(f"+{beside}"))
        digits = format_number(parse(bare, region), PhoneNumberFormat.E164).removeprefix("+")
    except NumberParseException:
        digits = bare
    return phone_number(digits, field=field)


def digits_in(text: str) -> str | None:
    """Return the digits of what is written as a phone number, whatever their count; None for another text."""
    bare = written(text)
    return re.sub(r"[^0-9]", "", bare) if _NUMBER.fullmatch(bare) else None


def forms(number: str) -> tuple[str, ...]:
    """Return the numbers (digits) that WhatsApp may know ``number`` by, as it was given first; mostly it alone.

    Mobile numbers of Mexico (52) and Argentina (54) stand there with or without the 1 or 9 that calls from abroad once
    needed; those of Brazil (55) with or without the ninth digit that mobile numbers got after 2012. A Brazilian number
    whose eight digits begin with 2 to 5 is a landline: with a 9 before it, it would be somebody else's.
    """
    for pattern, other in _FORMS:
        found = pattern.fullmatch(number)
        if found:
            return number, found.expand(other)
    return (number,)


_FORMS: Final = (
    (re.compile(r"521([0-9]{10})", re.ASCII), r"52\1"),
    (re.compile(r"52([0-9]{10})", re.ASCII), r"521\1"),
    (re.compile(r"549([0-9]{10})", re.ASCII), r"54\1"),
    (re.compile(r"54([0-9]{10})", re.ASCII), r"549\1"),
    (re.compile(r"55([1-9][0-9])9([16-9][0-9]{7})", re.ASCII), r"55\1\2"),
    (re.compile(r"55([1-9][0-9])([16-9][0-9]{7})", re.ASCII), r"55\g<1>9\2"),
)


def is_same_number(one: str, other: str) -> bool:
    """Whether two numbers (digits) are forms of one."""
    return other in forms(one)


def advice(number: str) -> str | None:
    """Return what tables of numbering plans find wrong with ``number`` (digits); None if nothing."""
    # Imported late: it costs 50 ms, which only a number that WhatsApp doesn't know should pay.
    from phonenumbers import NumberParseException, ValidationResult, is_possible_number_with_reason, parse  # noqa: PLC0415

    try:
        found = is_possible_number_with_reason(parse(f"+{number}"))
    except NumberParseException:
        return f"+{number} doesn't begin with a country code."
    if found == ValidationResult.TOO_SHORT:
        return f"+{number} looks too short for a number of its country."
    if found == ValidationResult.TOO_LONG:
        return f"+{number} looks too long for a number of its country."
    return None if found == ValidationResult.IS_POSSIBLE else f"+{number} doesn't look like a number of its country."


def _plain(character: str) -> str:
    match unicodedata.category(character):
        case "Cf":
            return ""
        case "Pd":
            return "-"
        case "Zs":
            return " "
        case _:
            return {"\N{MINUS SIGN}": "-", "\N{FULLWIDTH PLUS SIGN}": "+"}.get(character, character)


def _wrong(bare: str) -> str:
    """Say what keeps a text from being a number."""
    if not bare:
        return "is empty"
    strange = next((character for character in bare if character not in "+0123456789 ().-/"), None)
    if strange is None:
        return "is not a phone number"
    if strange.isalpha():
        return "is not a phone number: it has letters in it"
    name = unicodedata.name(strange, "a control character")
    return f"is not a phone number: it has U+{ord(strange):04X} ({name}) in it"
