"""What a worker works with: services and ports, joined by the composition root."""

from dataclasses import dataclass

from chalicelib.services.messages.identities import Identities
from chalicelib.services.messages.outbox import Dispatch
from chalicelib.services.messages.questions import Answering
from chalicelib.services.messages.store import Inbox
from chalicelib.services.ports import Clock, LeaseStore, SessionStore, StandbyStore, WorkerMailbox
from chalicelib.services.sessions.moves import Link


@dataclass(frozen=True, slots=True)
class WorkerServices:
    """Everything outside of the worker's process but WhatsApp and the disk; one for all sessions of a process.

    ``link`` takes reports on a session under a claim, ``dispatch`` those on messages that are sent, ``answering`` those
    on questions; ``inbox`` keeps messages that came in. ``leases`` goes over a client of its own that fails fast.
    """

    sessions: SessionStore
    link: Link
    dispatch: Dispatch
    answering: Answering
    inbox: Inbox
    identities: Identities
    leases: LeaseStore
    standbys: StandbyStore
    mailbox: WorkerMailbox
    clock: Clock
