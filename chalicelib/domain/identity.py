"""Who somebody is on WhatsApp: the two names of one person, and which of them a chat goes by."""

from dataclasses import dataclass

from chalicelib.domain.jid import LIDS, USERS


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
