"""What a worker works with, as the composition root hands it over."""

from typing import Protocol

from chalicelib.domain.events import LinkEvent
from chalicelib.domain.session import Session
from chalicelib.services.ports import Clock, LeaseStore, SessionStore, StandbyStore


class Link(Protocol):
    """Reports on a session under a claim; both raise Fenced if another claim is in force."""

    def report(self, event: LinkEvent, *, uid: str, worker: str, epoch: int) -> Session:
        """Write the event, if the transition table has a row for it; return the session as it stands."""

    def report_scan_ended(self, *, uid: str, worker: str, epoch: int) -> Session:
        """Write that all codes expired unscanned; the status says whether another round follows."""


class Mailbox(Protocol):
    """The worker's side of its mailbox."""

    def wait(self, mailbox: str, seconds: float, /) -> bool:
        """Wait for a ring, take all that are there, and return whether there was one; raises Unavailable."""


class Parts(Protocol):
    """Everything outside of this process, but for WhatsApp and the disk."""

    @property
    def sessions(self) -> SessionStore:
        """Where sessions are read."""

    @property
    def link(self) -> Link:
        """Where reports go."""

    @property
    def leases(self) -> LeaseStore:
        """Leases, over a client of their own that fails fast."""

    @property
    def standbys(self) -> StandbyStore:
        """The standby pool."""

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox."""

    @property
    def clock(self) -> Clock:
        """The wall clock."""
