"""JIDs, and the names that one person has on WhatsApp: a number's JID and a hidden id (LID).

A person has both names; WhatsApp tells the LID always and the number mostly.
"""

import re
from dataclasses import dataclass
from typing import Final

from chalicelib.domain import phone
from chalicelib.domain.errors import InvalidPhone

USERS: Final = "s.whatsapp.net"
"""The server of phone numbers."""
LIDS: Final = "lid"
"""The server of LIDs."""
GROUPS: Final = "g.us"
"""The server of groups."""
NEWSLETTERS: Final = "newsletter"
"""The server of channels."""
STATUS: Final = "status@broadcast"
"""The chat of status messages."""
_OLD_USERS: Final = "c.us"
_CHAT: Final = re.compile(r"[0-9]+(?:-[0-9]+)?@(?:g\.us|broadcast|bot|newsletter)", re.ASCII)
_GROUP: Final = re.compile(r"[0-9]{1,32}(?:-[0-9]{1,16})?@g\.us", re.ASCII)
_NEWSLETTER: Final = re.compile(r"[0-9]{1,32}@newsletter", re.ASCII)
_LID: Final = re.compile(r"[0-9]{5,20}@lid", re.ASCII)


def phone_number(text: str, *, field: str) -> str:
    """Return the digits of a phone number, or of a number's JID, however it is written. Raises InvalidPhone."""
    user, at, server = phone.written(text).partition("@")
    if at and server == LIDS:
        raise InvalidPhone(
            f"'{field}' must be a phone number, and a JID that ends in @{LIDS} doesn't tell it.",
            field=field,
            given=text,
        )
    if at and server not in {USERS, _OLD_USERS}:
        raise InvalidPhone(
            f"'{field}' must be a phone number, or a JID that ends in @{USERS}.", field=field, given=text
        )
    return phone.phone_number(user, field=field)


def recipient(text: str, *, field: str) -> str:
    """Return the JID of the person a message goes to: from a phone number, a number's JID or a LID's.

    Groups, broadcasts and newsletters aren't people: they are refused. Raises InvalidPhone.
    """
    return _person(text, field=field, allowed=f"a person: a phone number, or a JID that ends in @{USERS}")


def person_or_group(text: str, *, field: str) -> str:
    """Return the JID of a group as it stands, else that of a person as ``recipient`` reads it. Raises InvalidPhone."""
    if is_group(phone.written(text)):
        return phone.written(text)
    allowed = f"a person or a group: a phone number, or a JID that ends in @{USERS} or @{GROUPS}"
    return _person(text, field=field, allowed=allowed)


def is_group(jid: str) -> bool:
    """Return whether a JID is a group's."""
    return _GROUP.fullmatch(jid) is not None


def chat_name(text: str, *, field: str) -> str:
    """Return a chat's JID: that of a group or a broadcast list unchanged, else a person's, as ``recipient`` reads it.

    Raises InvalidPhone.
    """
    written = phone.written(text)
    return written if _CHAT.fullmatch(written) else recipient(text, field=field)


def destination(text: str, *, field: str) -> str:
    """Return the JID of a chat that can be written to: a person's, a group's, a channel's, or that of status messages.

    Raises InvalidPhone.
    """
    written = phone.written(text)
    shared = written == STATUS or is_group(written) or _NEWSLETTER.fullmatch(written)
    return written if shared else recipient(text, field=field)


def _person(text: str, *, field: str, allowed: str) -> str:
    written = phone.written(text)
    if _LID.fullmatch(written):
        return written
    user, at, server = written.partition("@")
    if at and server not in {USERS, _OLD_USERS}:
        raise InvalidPhone(f"'{field}' must be {allowed}.", field=field, given=text)
    return f"{phone.phone_number(user, field=field)}@{USERS}"


def phone_in(jid: str | None) -> str | None:
    """Return the phone number in a JID; None where it names somebody by LID, or a group."""
    user, _, server = (jid or "").partition("@")
    return user if server == USERS and user else None


@dataclass(frozen=True, slots=True)
class Identity:
    """One person: ``phone`` is the number in WhatsApp's own form, ``lid`` the LID; digits. Either may be unknown."""

    phone: str | None = None
    lid: str | None = None

    @property
    def phone_jid(self) -> str | None:
        """The JID by phone number."""
        return f"{self.phone}@{USERS}" if self.phone else None

    @property
    def lid_jid(self) -> str | None:
        """The JID by LID."""
        return f"{self.lid}@{LIDS}" if self.lid else None

    @property
    def chat(self) -> str | None:
        """The JID that the direct chat goes by: that of the number where it is known."""
        return self.phone_jid or self.lid_jid


def lid_in(jid: str | None) -> str | None:
    """Return the LID (digits) in a JID; None in any other."""
    user, _, server = (jid or "").partition("@")
    return user if server == LIDS and user else None
