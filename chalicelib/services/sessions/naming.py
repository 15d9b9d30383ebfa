"""Which session a caller means that names it by its id, or by the phone number of its account."""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import PhoneMismatch, SessionNotFound
from chalicelib.domain.phone import digits_in, is_same_number
from chalicelib.domain.session import ID, Session, Status
from chalicelib.services.ports import SessionStore

PAGE: Final = 100
LOOKED_THROUGH: Final = 1_000
"""Sessions of a tenant that are looked through for a phone number: there is no index of them."""


def is_called(session: Session, name: str) -> bool:
    """Whether ``name`` is the session's id, its account's phone number, or the number that it was created for."""
    digits = digits_in(name)
    numbers = (session.id, session.phone, session.device.phone if session.device else None)
    return name == session.id or (
        digits is not None and any(number is not None and is_same_number(digits, number) for number in numbers)
    )


def is_linked_by(session: Session, number: str) -> bool:
    """Whether the account of ``number`` (digits) is the one that is linked."""
    return session.device is not None and is_same_number(number, session.device.phone)


@dataclass(frozen=True, slots=True)
class Naming:
    """Finds a tenant's session by what it is called."""

    sessions: SessionStore

    def find(self, tenant: str, name: str, *, alone: str | None) -> Session:
        """Return the session of that id, else of that phone number: of several, one that is connected.

        ``alone`` is the id of the one session that the caller may reach, if there is only one. Raises SessionNotFound,
        and PhoneMismatch for a number that isn't the one of the account that is linked.
        """
        found = self._find(tenant, name, alone=alone)
        return found if name == found.id else _by_its_number(found, name)

    def find_by_phone(self, tenant: str, name: str, *, alone: str | None) -> Session:
        """Return what ``find`` does, but of what is written as a number never by the id alone.

        A session may have the number as its id, and another account linked.
        """
        found, number = self._find(tenant, name, alone=alone), digits_in(name)
        if number and alone is None and found.device and not is_linked_by(found, number):
            found = self._by_phone(tenant, name) or found
        return _by_its_number(found, name)

    def _find(self, tenant: str, name: str, *, alone: str | None) -> Session:
        if alone is not None:
            found = self.sessions.find(tenant, alone)
            found = found if found and is_called(found, name) else None
        else:
            found = self._by_id(tenant, name) or self._by_phone(tenant, name)
        if found is None:
            raise SessionNotFound(
                f"There is no session '{name}'.", field="session_id", hint="Name it by its id, or by its phone number."
            )
        return found

    def _by_id(self, tenant: str, name: str) -> Session | None:
        for one in dict.fromkeys([name, digits_in(name)]):
            found = self.sessions.find(tenant, one) if one and ID.fullmatch(one) else None
            if found:
                return found
        return None

    def _by_phone(self, tenant: str, name: str) -> Session | None:
        number = digits_in(name)
        if number is None:
            return None
        called: list[Session] = []
        after: str | None = None
        for _ in range(LOOKED_THROUGH // PAGE):
            page, after = self.sessions.page(tenant, limit=PAGE, after=after)
            called += [session for session in page if is_called(session, name)]
            if after is None:
                break
        return max(called, key=lambda one: (is_linked_by(one, number), one.status is Status.CONNECTED), default=None)


def _by_its_number(session: Session, name: str) -> Session:
    number = digits_in(name)
    if number is None or session.device is None or is_linked_by(session, number):
        return session
    raise PhoneMismatch(
        f"The session '{session.id}' isn't linked to +{number} but to +{session.device.phone}: "
        "nothing is sent by the wrong number.",
        field="phone",
        hint="Name it by its id or by the number that is linked, or log it out and link the right phone.",
        context={"session": session},
    )
