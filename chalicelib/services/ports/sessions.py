"""Sessions, their leases, and what is due for them."""

from typing import Protocol

from chalicelib.domain.lease import Lease
from chalicelib.domain.session import Session


class SessionStore(Protocol):
    """Sessions, each read consistently and moved by one conditional write."""

    def create(self, session: Session, *, most: int = 0) -> Session:
        """Store a new session under its tenant and id, and return it.

        If the id is taken nothing is written and the session that stands is returned: compare the uid. Raises
        SessionQuotaExceeded, with nothing left written, if the tenant would have more than ``most``; 0 is no limit.
        """

    def find(self, tenant: str, session_id: str) -> Session | None:
        """Return the tenant's session of that id."""

    def get(self, uid: str) -> Session | None:
        """Return the session of that uid."""

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[Session], str | None]:
        """Return up to ``limit`` sessions in the order of their ids after ``after``, and where the next page starts."""

    def move(self, session: Session) -> bool:
        """Write ``session`` over the version before its own; False, and nothing written, if that isn't what stands."""

    def remove(self, session: Session) -> bool:
        """Remove the session with all that is stored for it, its id last; False if it changed meanwhile.

        One whose device couldn't be unlinked leaves word of that for as long as anybody may wait for the deletion.
        """

    def removed(self, uid: str) -> str | None:
        """Return the reason that a removed session left word of."""


class LeaseStore(Protocol):
    """Leases, one a session."""

    def get(self, uid: str) -> Lease | None:
        """Return the session's lease, read consistently."""

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        """Take the lease if the one that stands admits it; return whether, and the one that stood before."""

    def renew(self, lease: Lease) -> bool:
        """Extend the lease to ``lease.until`` if its worker and epoch still hold it."""

    def release(self, uid: str, *, worker: str, epoch: int) -> bool:
        """Give the lease back if that worker and epoch hold it, or nobody of that epoch or later ever did.

        Of a session that is gone none stays behind.
        """


class DueIndex(Protocol):
    """What is due: expired leases and passed deadlines."""

    def due(self, now: int) -> list[str]:
        """Return the uids of sessions that something is due for at ``now``, each once, some hundred at the most."""

    def later(self, now: int) -> list[str]:
        """Return the uids of all sessions that something will be due for after ``now``: those with a worker, mostly."""
