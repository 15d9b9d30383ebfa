"""Answering what is asked of the session, on a thread of its own: WhatsApp may take over a minute for an answer."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Thread
from typing import Final

from chalicelib.domain.questions import Contact, Group, Question, Subject
from chalicelib.worker.client import Client
from chalicelib.worker.desk import Desk
from chalicelib.worker.hold import Hold
from chalicelib.worker.inbox import Inbox
from chalicelib.worker.log import Log
from chalicelib.worker.parts import Answering
from chalicelib.worker.patience import Interrupted, patiently
from chalicelib.worker.unanswered import NoConnection, WhatsAppRefused

LOOK_AFTER: Final = 0.05
"""Seconds from a ring to the look at what is asked: most rings are for a message, whose sender waits, and goes first.

Nobody looks without a ring: a question lives for seconds, and who asked can ask again.
"""


class Answerer:
    """Answers one session's questions while it may."""

    def __init__(self, desk: Desk, hold: Hold, answering: Answering, inbox: Inbox, log: Log) -> None:
        self._desk = desk
        self._hold = hold
        self._answering = answering
        self._inbox = inbox
        self._log = log
        self._client: Client | None = None
        self._look = Event()
        self._over = Event()
        self._online = False
        self._thread = Thread(target=self._run, name="answerer", daemon=True)

    def start(self, client: Client) -> None:
        """Begin."""
        self._client = client
        self._thread.start()

    def allow(self, *, online: bool) -> None:
        """Say whether the session is connected: only then is WhatsApp asked."""
        came_online = online and not self._online
        self._online = online
        if came_online:
            self._look.set()

    def ring(self) -> None:
        """Say that there may be a question."""
        self._look.set()

    def stop(self) -> None:
        """Begin no further answer. The one that WhatsApp still owes isn't waited for: nobody else will, by then."""
        self._over.set()
        self._look.set()

    def _run(self) -> None:
        while not self._over.is_set():
            self._look.wait()
            if self._over.wait(LOOK_AFTER):
                return
            self._look.clear()
            try:
                self._turn()
            except Interrupted:
                return
            except Exception:  # noqa: BLE001 - one question that breaks it shall not be the end of answering
                self._log.warning("answerer_broken")

    def _turn(self) -> None:
        if not self._may():
            return
        claim = self._desk.claim
        for question in patiently(partial(self._answering.owed, claim.uid, epoch=claim.epoch), self._inbox):
            self._answer(question)

    def _answer(self, question: Question) -> None:
        client = self._client
        if client is None or not self._may():
            return
        taken = patiently(partial(self._answering.take, question, epoch=self._desk.claim.epoch), self._inbox)
        if taken is None:
            return
        patiently(self._asked(client, taken), self._inbox)
        self._log.info("question", question=taken.id, subject=str(taken.subject))

    def _asked(self, client: Client, question: Question) -> Callable[[], Question | None]:
        """Ask WhatsApp; return how to report what came of it."""
        try:
            answer = _ask(client, question)
        except NoConnection:
            return partial(self._answering.put_back, question)
        except WhatsAppRefused as refused:
            return partial(self._answering.refuse, question, refused.sentence)
        return partial(self._answering.answer, question, answer)

    def _may(self) -> bool:
        """Whether WhatsApp may be asked now: connected, not ending, and the lease surely still ours."""
        client = self._client
        held = self._online and not self._over.is_set() and not self._hold.late
        return held and client is not None and client.is_connected()


def _ask(client: Client, question: Question) -> Contact | Sequence[Group]:
    match question.subject:
        case Subject.NUMBER:
            return client.contact(question.number or "")
        case Subject.GROUPS:
            return client.groups()
