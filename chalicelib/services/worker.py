"""What a worker works with: the services and ports that the composition root joins."""

from dataclasses import dataclass

from chalicelib.services.messages.identities import Identities
from chalicelib.services.messages.outbox import Dispatch
from chalicelib.services.messages.questions import Answering
from chalicelib.services.messages.store import Inbox, NamedId
from chalicelib.services.ports import Clock, LeaseStore, SessionStore, SituationStore, StandbyStore, WorkerMailbox
from chalicelib.services.ports.accounts import TenantStore
from chalicelib.services.ports.control import Dialer
from chalicelib.services.ports.media import Links, MediaFiles, MediaStore
from chalicelib.services.sessions.moves import WorkerReports


@dataclass(frozen=True, slots=True)
class WorkerMedia:
    """What a worker needs of the outside for files; ``named_id`` makes the inbox's ids of messages."""

    store: MediaStore
    files: MediaFiles
    links: Links
    named_id: NamedId
    clock: Clock


@dataclass(frozen=True, slots=True)
class WorkerServices:
    """Everything outside of the worker's process but WhatsApp and the disk; one for all sessions of a process.

    ``reports`` takes what is reported of a session under a claim, ``dispatch`` of messages that are sent, ``answering``
    of questions; ``inbox`` keeps messages that came in, ``media`` their files. ``dialer`` connects through sessions'
    proxies. ``leases`` goes over a client of its own that fails fast.
    """

    sessions: SessionStore
    situations: SituationStore
    tenants: TenantStore
    reports: WorkerReports
    dispatch: Dispatch
    answering: Answering
    inbox: Inbox
    identities: Identities
    leases: LeaseStore
    standbys: StandbyStore
    mailbox: WorkerMailbox
    dialer: Dialer
    media: WorkerMedia
    clock: Clock
