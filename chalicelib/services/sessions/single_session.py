"""The single-session rule: which session is meant where a request names none.

It is the session that the API key is bound to, else the tenant's only one, else the one whose id is ``default``. A
family of clients that knows no sessions has it created and started as it goes along.
"""

from typing import Final

from msgspec import Struct

from chalicelib.domain.errors import (
    SessionAmbiguous,
    SessionDisabled,
    SessionExists,
    SessionNotFound,
    WorkerQuotaExceeded,
)
from chalicelib.domain.session import Reason, Session, Status, needs_qr
from chalicelib.services.ports import Clock
from chalicelib.services.sessions.sessions import Sessions

DEFAULT: Final = "default"
"""The id of the session that is meant among several, and of one that is created because there was none."""
REST: Final = 300_000
"""Milliseconds for which a session that nobody scanned stays stopped while its status is polled."""

_IDLE: Final = {Status.CREATED, Status.LOGGED_OUT, Status.STOPPED}
_NEVER_STARTED: Final = None
_RESTS: Final[dict[str | None, int]] = {
    _NEVER_STARTED: 0,
    Reason.UNLINKED_FROM_PHONE: 0,
    Reason.PHONE_MISMATCH: 0,
    Reason.PHONE_MISMATCH_UNCONFIRMED: 0,
    Reason.QR_TIMEOUT: REST,
}
"""Milliseconds that an unscanned session rests before a look starts it, by its reason; others aren't started so."""


class SingleSession(Struct, frozen=True):
    """Finds the session that a request without a name means, creates it where there is none, and starts it."""

    sessions: Sessions
    clock: Clock

    def find(self, tenant: str, bound: str | None) -> Session | None:
        """Return the session of a key that is bound to one, else the tenant's; None if there is none.

        Raises SessionAmbiguous where there are several and none has the default id.
        """
        if bound:
            return self._get(tenant, bound)
        found: list[Session] = []
        after: str | None = None
        while len(found) < 2:
            page, after = self.sessions.page(tenant, limit=2, after=after)
            found += [session for session in page if session.status is not Status.DELETING]
            if after is None:
                break
        if len(found) < 2:
            return found[0] if found else None
        default = self._get(tenant, DEFAULT)
        if default is None:
            raise SessionAmbiguous(
                "There are several sessions, and the request doesn't say which one it means.",
                hint=f"Call with an API key that is bound to one of them, or have one whose id is '{DEFAULT}'.",
            )
        return default

    def get_or_create(self, tenant: str, bound: str | None) -> Session:
        """Return the session that is meant, created and started if there was none.

        Raises SessionAmbiguous and SessionDeleting, and what a creation and a start raise.
        """
        stands = self.find(tenant, bound)
        if stands:
            return stands
        try:
            return self.sessions.create(
                tenant,
                session_id=bound or DEFAULT,
                phone=None,
                name="",
                webhook_url=None,
                enabled=True,
                start=True,
            )
        except SessionExists as error:
            return error.session

    def start_for_qr(self, session: Session) -> Session:
        """Start the session because somebody asks for its QR code, unless it runs already or has failed.

        Returns it as it stands then; raises what a start raises: SessionDisabled and WorkerQuotaExceeded.
        """
        return self.sessions.start(session.tenant, session.id) if session.status in _IDLE else session

    def autostart(self, session: Session) -> Session:
        """Start the session because its status was asked for, if it waits for a scan and nobody stopped or unlinked it.

        A page that is left open asks every few seconds for days: a session that nobody scanned rests for ``REST`` in
        between. Returns the session as it stands then: unchanged where it is switched off or the tenant has no free
        worker.
        """
        waits = session.status in _IDLE and session.answered and needs_qr(session)
        rest = _RESTS.get(session.reason) if waits else None
        rested = rest is not None and max(0, self.clock() - session.since) >= rest
        if not rested:
            return session
        try:
            return self.sessions.start(session.tenant, session.id)
        except (SessionDisabled, WorkerQuotaExceeded):
            # A caller that only asked for the status gets the status, not an error about a start.
            return session

    def _get(self, tenant: str, session_id: str) -> Session | None:
        try:
            return self.sessions.get(tenant, session_id)
        except SessionNotFound:
            return None
