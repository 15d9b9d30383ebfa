"""Answering what is asked of the session."""

from collections.abc import Callable, Sequence
from functools import partial

from chalicelib.domain.questions import Contact, Group, Question, Subject
from chalicelib.domain.ring import Matter
from chalicelib.services.messages.questions import Answering
from chalicelib.services.ports import Rejected
from chalicelib.worker.log import Log
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.messaging import BackgroundWorker
from chalicelib.worker.session.recipients import Recipients
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.waiting import EventQueue, patiently
from chalicelib.worker.whatsapp.client import Client
from chalicelib.worker.whatsapp.errors import COULD_NOT_ASK, NoConnection, WhatsAppRefused


class Answerer(BackgroundWorker):
    """Answers one session's questions while it may.

    Nobody looks without a ring: a question lives for seconds, and who asked can ask again. An ending doesn't wait for
    the answer that WhatsApp still owes: nobody else will, by then.
    """

    NAME = "answerer"
    MATTER = Matter.QUESTION

    def __init__(
        self,
        reporter: SessionReporter,
        lease: HeldLease,
        answering: Answering,
        events: EventQueue,
        log: Log,
        *,
        people: Recipients,
    ) -> None:
        super().__init__(reporter, lease, events, log)
        self._answering = answering
        self._people = people

    def _turn(self) -> None:
        if self._ready() is None:
            return
        claim = self._reporter.claim
        for question in patiently(partial(self._answering.owed, claim.uid, epoch=claim.epoch), self._events):
            try:
                self._answer(question)
            except Rejected as rejected:
                # It ends by itself, in seconds; the next one is answered all the same.
                self._log.warning("question_rejected", question=question.id, code=rejected.code)

    def _answer(self, question: Question) -> None:
        client = self._ready()
        if client is None:
            return
        taken = patiently(partial(self._answering.take, question, epoch=self._reporter.claim.epoch), self._events)
        if taken is None:
            return
        try:
            patiently(self._asked(client, taken), self._events)
        except Rejected as rejected:
            self._log.warning("answer_rejected", question=taken.id, code=rejected.code)
            patiently(partial(self._answering.refuse, taken, COULD_NOT_ASK), self._events)
        self._log.info("question", question=taken.id, subject=str(taken.subject))

    def _asked(self, client: Client, question: Question) -> Callable[[], Question | None]:
        """Ask WhatsApp; return how to report what came of it."""
        try:
            answer = _ask(client, question)
        except NoConnection:
            return partial(self._answering.put_back, question)
        except WhatsAppRefused as refused:
            return partial(self._answering.refuse, question, refused.sentence)
        except Exception:  # noqa: BLE001 - whatever it was: who asked waits, and so do the next questions
            self._log.warning("question_broken", question=question.id)
            return partial(self._answering.refuse, question, COULD_NOT_ASK)
        if isinstance(answer, Contact):
            self._people.learn(question.number or "", answer)
        return partial(self._answering.answer, question, answer)


def _ask(client: Client, question: Question) -> Contact | Sequence[Group] | None:
    """Return WhatsApp's answer; None where it was told something."""
    match question.subject:
        case Subject.NUMBER:
            return client.contact(question.number or "")
        case Subject.GROUPS:
            return client.groups()
        case Subject.READ:
            for read in question.reads:
                client.mark_read(read)
        case Subject.TYPING if question.typing:
            client.show_typing(question.typing)
        case Subject.PRESENCE if question.online is not None:
            client.show_online(online=question.online)
        case Subject.CALL if question.call:
            client.reject_call(question.call)
        case _:
            # A later version's: what it is about has a name that this one doesn't know.
            raise WhatsAppRefused(COULD_NOT_ASK)
    return None
