"""Which session a caller means that names it by its id, or by the phone number of its account."""

import re
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import SessionNotFound
from chalicelib.domain.session import ID, Session, Status
from chalicelib.services.ports import SessionStore

PAGE: Final = 100
LOOKED_THROUGH: Final = 1_000
"""Sessions of a tenant that are looked through for a phone number: there is no index of them."""

_PHONE: Final = re.compile(r"\+?[0-9][0-9 ().\-/]*", re.ASCII)


def is_called(session: Session, name: str) -> bool:
    """Whether ``name`` is the session's id, its account's phone number, or the number that it was created for."""
    digits = _digits(name)
    numbers = {session.id, session.phone, session.device.phone if session.device else None}
    return name == session.id or (digits is not None and digits in numbers)


@dataclass(frozen=True, slots=True)
class Naming:
    """Finds a tenant's session by what it is called."""

    sessions: SessionStore

    def find(self, tenant: str, name: str, *, alone: str | None) -> Session:
        """Return the session of that id, else of that phone number: of several, one that is connected.

        ``alone`` is the id of the one session that the caller may reach, if there is only one. Raises SessionNotFound.
        """
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
        for one in dict.fromkeys([name, _digits(name)]):
            found = self.sessions.find(tenant, one) if one and ID.fullmatch(one) else None
            if found:
                return found
        return None

    def _by_phone(self, tenant: str, name: str) -> Session | None:
        if _digits(name) is None:
            return None
        called: list[Session] = []
        after: str | None = None
        for _ in range(LOOKED_THROUGH // PAGE):
            page, after = self.sessions.page(tenant, limit=PAGE, after=after)
            called += [session for session in page if is_called(session, name)]
            if after is None:
                break
        return next((one for one in called if one.status is Status.CONNECTED), called[0] if called else None)


def _digits(name: str) -> str | None:
    return re.sub(r"[^0-9]", "", name) if _PHONE.fullmatch(name.strip()) else None
