"""Phone numbers as WhatsApp's addresses (JIDs) carry them: E.164, digits only."""

import re
from typing import Final

from chalicelib.domain.errors import InvalidField

LONGEST: Final = 15
"""Digits of an E.164 number, country code included, at most."""

_WRITTEN: Final = re.compile(r"\+?[0-9][0-9 ().\-/]*", re.ASCII)
_HINT: Final = "Write it with its country code, such as +6281234567890."


def phone_number(text: str, *, field: str) -> str:
    """Return the digits of an international number, written with or without ``+`` and separators.

    Only impossible numbers are refused: numbering plans grow faster than tables of them. Raises InvalidField.
    """
    # Imported late: it costs 50 ms, which only requests with a phone number should pay.
    from phonenumbers import NumberParseException, ValidationResult, is_possible_number_with_reason, parse  # noqa: PLC0415

    written = text.strip()
    if not _WRITTEN.fullmatch(written):
        raise InvalidField(f"'{field}' is not a phone number.", field=field, hint=_HINT)
    digits = re.sub(r"[^0-9]", "", written)
    try:
        possible = is_possible_number_with_reason(parse(f"+{digits}")) == ValidationResult.IS_POSSIBLE
    except NumberParseException:
        possible = False
    if not possible or len(digits) > LONGEST:
        raise InvalidField(f"'{field}' is not a possible phone number.", field=field, hint=_HINT)
    return digits


USERS: Final = "s.whatsapp.net"
LIDS: Final = "lid"
_LID: Final = re.compile(r"[0-9]{5,20}@lid", re.ASCII)


def recipient(text: str, *, field: str) -> str:
    """Return the JID of the person a message goes to: from a phone number, a number's JID or a LID's.

    Groups, broadcasts and newsletters aren't people: they are refused. Raises InvalidField.
    """
    written = text.strip()
    if _LID.fullmatch(written):
        return written
    user, at, server = written.partition("@")
    if at and server not in {USERS, "c.us"}:
        raise InvalidField(f"'{field}' must be a person: a phone number, or a JID that ends in @{USERS}.", field=field)
    return f"{phone_number(user, field=field)}@{USERS}"


def phone_in(jid: str | None) -> str | None:
    """Return the phone number in a JID; None where it names somebody by LID, or a group."""
    user, _, server = (jid or "").partition("@")
    return user if server == USERS and user else None
