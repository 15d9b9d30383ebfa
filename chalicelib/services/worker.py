"""What a worker works with: its reports on a session, and the services and ports that the composition root joins."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.errors import Fenced
from chalicelib.domain.events import LinkEvent
from chalicelib.domain.session import Session
from chalicelib.domain.transitions import NEXT, scan_ended
from chalicelib.services.messages.identities import Identities
from chalicelib.services.messages.outbox import Dispatch
from chalicelib.services.messages.questions import Answering
from chalicelib.services.messages.store import Inbox, NamedId
from chalicelib.services.ports import Clock, LeaseStore, SessionStore, StandbyStore, WorkerMailbox
from chalicelib.services.ports.control import Dialer
from chalicelib.services.ports.media import Links, MediaFiles, MediaStore
from chalicelib.services.sessions.moves import Moves


@dataclass(frozen=True, slots=True)
class Link:
    """The worker's side of a session's life."""

    moves: Moves

    def report(self, event: LinkEvent, *, uid: str, worker: str, epoch: int) -> Session:
        """Write ``event``; one that the table has no row for changes nothing. Return the session as it stands.

        Raises Fenced if another claim is in force, or the session is gone: the worker must end.
        """
        return self._move(lambda session: event if (session.status, type(event)) in NEXT else None, uid, worker, epoch)

    def report_scan_ended(self, *, uid: str, worker: str, epoch: int) -> Session:
        """Write that all codes expired unscanned: another round follows, or the start is over (see the status)."""

        def ended(session: Session) -> LinkEvent | None:
            event = scan_ended(session)
            return event if (session.status, type(event)) in NEXT else None

        return self._move(ended, uid, worker, epoch)

    def _move(self, decide: Callable[[Session], LinkEvent | None], uid: str, worker: str, epoch: int) -> Session:
        def decide_if_mine(session: Session) -> LinkEvent | None:
            if (session.worker, session.epoch) != (worker, epoch):
                raise Fenced(f"epoch {session.epoch} is in force, not {epoch}")
            return decide(session)

        session, _ = self.moves.move(lambda: self.moves.sessions.get(uid), decide_if_mine)
        if session is None:
            raise Fenced("the session is gone")
        return session


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

    ``link`` takes reports on a session under a claim, ``dispatch`` those on messages that are sent, ``answering`` those
    on questions; ``inbox`` keeps messages that came in, ``media`` their files. ``dialer`` connects through sessions'
    proxies. ``leases`` goes over a client of its own that fails fast.
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
    dialer: Dialer
    media: WorkerMedia
    clock: Clock
