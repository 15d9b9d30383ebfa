"""What a worker works with, as the composition root hands it over."""

from collections.abc import Collection, Sequence
from typing import Protocol

from chalicelib.domain.events import LinkEvent
from chalicelib.domain.jid import Identity
from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.domain.questions import Contact, Group, Question
from chalicelib.domain.session import Session
from chalicelib.services.messages.store import Received
from chalicelib.services.ports import Clock, LeaseStore, SessionStore, StandbyStore


class Link(Protocol):
    """Reports on a session under a claim; both raise Fenced if another claim is in force."""

    def report(self, event: LinkEvent, *, uid: str, worker: str, epoch: int) -> Session:
        """Write the event, if the transition table has a row for it; return the session as it stands."""

    def report_scan_ended(self, *, uid: str, worker: str, epoch: int) -> Session:
        """Write that all codes expired unscanned; the status says whether another round follows."""


class Dispatch(Protocol):
    """Messages to send, and what became of them; None from a report means that it was no news.

    Raises Unavailable, and Rejected where the table refuses a report for good.
    """

    def owed(self, uid: str, *, but: Collection[str] = ()) -> list[Message]:
        """Return what is to be sent, in order; what an earlier worker left half sent is reported as unknown.

        Messages with an id in ``but`` are left alone.
        """

    def begin(self, message: Message, *, epoch: int) -> Message | None:
        """Report that the client is about to be called; None if the message isn't to be sent after all."""

    def put_back(self, message: Message) -> Message | None:
        """Report that it surely wasn't sent, and is owed again."""

    def sent(self, message: Message, whatsapp_id: str) -> Message | None:
        """Report WhatsApp's acknowledgement."""

    def failed(self, message: Message, code: str, sentence: str) -> Message | None:
        """Report a refusal."""

    def unknown(self, message: Message, code: str, sentence: str) -> Message | None:
        """Report that nobody can tell."""

    def receipt(self, uid: str, whatsapp_ids: Sequence[str], status: MessageStatus) -> None:
        """Report a receipt."""


class Answering(Protocol):
    """Questions, and their answers; None from a report means that nobody waits for it any more.

    Raises Unavailable, and Rejected where the table refuses a report for good.
    """

    def owed(self, uid: str, *, epoch: int) -> list[Question]:
        """Return what is to be answered, in order."""

    def take(self, question: Question, *, epoch: int) -> Question | None:
        """Report that WhatsApp is about to be asked; None if it isn't to be asked after all."""

    def put_back(self, question: Question) -> Question | None:
        """Report that there was no connection."""

    def answer(self, question: Question, answer: Contact | Sequence[Group]) -> Question | None:
        """Report the answer."""

    def refuse(self, question: Question, failure: str) -> Question | None:
        """Report why there is no answer."""


class Incoming(Protocol):
    """Where messages that come in are kept."""

    def receive(self, session: Session, received: Received) -> bool:
        """Keep a message; False if it is there already. Raises Unavailable, and Rejected where it can't be kept."""


class Identities(Protocol):
    """Who people are on WhatsApp. All raise Unavailable and Rejected."""

    def note(self, uid: str, identity: Identity, *, also: str | None = None) -> None:
        """Remember a person, also under that JID."""

    def of(self, uid: str, jid: str) -> Identity | None:
        """Return who is known under a JID."""

    def forget(self, uid: str, jid: str) -> None:
        """Forget whom a JID meant."""


class Mailbox(Protocol):
    """The worker's side of its mailbox."""

    def ring(self, mailbox: str, /) -> None:
        """Ring it, as others do. Raises Unavailable."""

    def wait(self, mailbox: str, seconds: float, /) -> Sequence[str]:
        """Wait for a ring, and return all that are there; raises Unavailable.

        Those that aren't ``heard`` within a second ring again.
        """

    def heard(self, mailbox: str, rings: Sequence[str], /) -> None:
        """Take those rings out of the mailbox. Raises Unavailable."""


class Parts(Protocol):
    """Everything outside of this process, but for WhatsApp and the disk."""

    @property
    def sessions(self) -> SessionStore:
        """Where sessions are read."""

    @property
    def link(self) -> Link:
        """Where reports go."""

    @property
    def dispatch(self) -> Dispatch:
        """Messages to send."""

    @property
    def answering(self) -> Answering:
        """Questions of those who use the session."""

    @property
    def inbox(self) -> Incoming:
        """Messages that came in."""

    @property
    def identities(self) -> Identities:
        """Who people are."""

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
