"""Questions to a session's worker: asked and waited for by a caller, taken and answered by the worker."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from msgspec import Struct

from chalicelib.domain.errors import AnswerNotReady, AnswerRefused, TooManyQuestions
from chalicelib.domain.limits import Pace
from chalicelib.domain.questions import (
    PLACES,
    TOLD,
    Contact,
    Group,
    GroupList,
    IncomingCall,
    MarkRead,
    Question,
    Subject,
    Typing,
    answered,
    fitting,
    put_back,
    refused,
    taken,
    turned_down,
)
from chalicelib.domain.ring import Matter, Ring
from chalicelib.domain.session import Session, ShownPairingCode
from chalicelib.services.messages.outbox import keep_pace, ring
from chalicelib.services.ports import Clock, Mailboxes, NewId, Paces, Rejected, SessionStore, Sleep, Unavailable
from chalicelib.services.ports.messages import QuestionStore
from chalicelib.services.sessions.moves import found, must_be_connected
from chalicelib.services.waiting import Patience

PAUSES: Final = (0.1, 0.05, 0.05, 0.05, 0.1, 0.1, 0.15, 0.2, 0.25)
"""Seconds between looks at the question, the last one repeated; none before an answer can be there."""
TELLING: Final = Pace(burst=60, per_minute=240)
"""How fast WhatsApp is told that somebody types or has read: faster than a busy team, slower than a loop gone wrong."""
ASK_AGAIN: Final = 5
"""Seconds after which it is worth asking again what wasn't answered in time."""


class Questions(Struct, frozen=True):
    """The caller's side: puts a question, rings the session's worker, and waits for the answer.

    ``paces`` is how fast WhatsApp is asked, ``telling`` how fast it is told; the latter harms no account.
    """

    sessions: SessionStore
    questions: QuestionStore
    paces: Paces
    telling: Paces
    mailboxes: Mailboxes
    clock: Clock
    sleep: Sleep
    new_id: NewId

    def contact(self, tenant: str, session_id: str, who: str) -> Contact:
        """Return whether a phone number (digits), or a LID's JID, is on WhatsApp. Raises what ``groups`` raises."""
        answer = self._asked(self._connected(tenant, session_id), Subject.NUMBER, number=who).contact
        return answer or Contact(exists=False)

    def groups(self, tenant: str, session_id: str) -> GroupList:
        """Return the groups that the session's account is in.

        Raises SessionNotFound, SessionNotConnected, TooFast, TooManyQuestions, AnswerNotReady and AnswerRefused.
        """
        return self._asked(self._connected(tenant, session_id), Subject.GROUPS).groups or GroupList(())

    def mark_read(self, tenant: str, session_id: str, reads: Sequence[MarkRead]) -> None:
        """Have messages marked as read, by however many writers. Raises what ``groups`` raises."""
        self._asked(self._connected(tenant, session_id), Subject.READ, reads=tuple(reads))

    def show_typing(self, tenant: str, session_id: str, typing: Typing) -> None:
        """Have the account shown typing, recording, or doing neither. Raises what ``groups`` raises."""
        self._asked(self._connected(tenant, session_id), Subject.TYPING, typing=typing)

    def show_online(self, tenant: str, session_id: str, *, online: bool) -> None:
        """Have the account shown as online, or not. Raises what ``groups`` raises."""
        self._asked(self._connected(tenant, session_id), Subject.PRESENCE, online=online)

    def reject_call(self, tenant: str, session_id: str, call: IncomingCall) -> None:
        """Have a call rejected; one that is over by then is no error. Raises what ``groups`` raises."""
        self._asked(self._connected(tenant, session_id), Subject.CALL, call=call)

    def _connected(self, tenant: str, session_id: str) -> Session:
        session = found(self.sessions.find(tenant, session_id), session_id)
        must_be_connected(session)
        return session

    def _asked(self, session: Session, subject: Subject, **about: Any) -> Question:
        """Return the question about the subject, which ``about`` says more of, once it is answered."""
        answer = self.ask(session, subject, **about)
        if answer.failure:
            raise AnswerRefused(answer.failure)
        return answer

    def ask(self, session: Session, subject: Subject, **about: Any) -> Question:
        """Return the question once the session's worker has done with it, whatever came of it.

        Raises TooFast, TooManyQuestions and AnswerNotReady.
        """
        self._keep_pace(session, subject)
        asked = self._put(Question(session.uid, self.new_id(), subject, asked_at=self.clock(), **about))
        try:
            ring(self.mailboxes, session, Ring(Matter.QUESTION))
            answer = self._wait(asked)
        finally:
            # Its place is free again at once; where that fails, as soon as it has expired.
            with suppress(Unavailable, Rejected):
                self.questions.remove(asked)
        if answer is None:
            raise AnswerNotReady("WhatsApp didn't answer in time.", hint="Ask again in a while.", retry_after=ASK_AGAIN)
        return answer

    def _keep_pace(self, session: Session, subject: Subject) -> None:
        if subject in TOLD or subject in {Subject.ASSERTION, Subject.CONFIRMATION}:
            keep_pace(
                self.telling,
                session,
                self.clock,
                "The session tells WhatsApp something faster than its pace allows.",
                hint="Slow down: nobody types, or reads, that fast.",
            )
        else:
            keep_pace(
                self.paces,
                session,
                self.clock,
                "The session asks WhatsApp faster than its pace allows.",
                hint="Slow down: accounts that look up many numbers are banned.",
            )

    def _put(self, question: Question) -> Question:
        now = question.asked_at
        for offset in range(PLACES):
            # Callers of the same moment begin at different places.
            placed = replace(question, place=(now + offset) % PLACES)
            if self.questions.put(placed, now=now):
                return placed
        raise TooManyQuestions(
            f"{PLACES} questions of this session wait for their answers already.",
            hint="Ask one after the other.",
            retry_after=1,
        )

    def _wait(self, asked: Question) -> Question | None:
        """Return the question once the worker has done with it; None when time is up."""
        patience = Patience(self.clock, self.sleep, PAUSES)
        answer = patience.until(asked.expires_at, asked, self._stands, lambda question: question.settled)
        return answer if answer.settled else None

    def _stands(self, asked: Question) -> Question:
        """Read the question again; where that fails now, the next look may tell."""
        try:
            return self.questions.get(asked) or asked
        except (Unavailable, Rejected):
            return asked


class Answering(Struct, frozen=True):
    """Moves questions as their session's one worker reports; who asked may be gone by then, which is no error."""

    questions: QuestionStore
    clock: Clock

    def owed(self, uid: str, *, epoch: int, linking: bool = False) -> list[Question]:
        """Return the questions that a worker of that claim is to answer, in the order they were asked in.

        Those about the session's linking are asked for by ``linking``.
        """
        now, asked = self.clock(), self.questions.all(uid, linking=linking)
        owed = [question for question in asked if question.is_owed(epoch=epoch, now=now)]
        return sorted(owed, key=lambda question: question.id)

    def take(self, question: Question, *, epoch: int) -> Question | None:
        """Mark the question as taken, before WhatsApp is asked; None if it is too late, or somebody was quicker."""
        if not question.is_owed(epoch=epoch, now=self.clock()):
            return None
        return self._moved(taken(question, epoch=epoch))

    def put_back(self, question: Question) -> Question | None:
        """Have the question asked again once there is a connection: there was none."""
        return self._moved(put_back(question))

    def answer(
        self, question: Question, answer: Contact | ShownPairingCode | Sequence[Group] | None
    ) -> Question | None:
        """Write the answer, None where WhatsApp was told; of groups, as many as there is room for."""
        if answer is None or isinstance(answer, Contact | ShownPairingCode):
            return self._moved(answered(question, answer))
        return self._moved(answered(question, fitting(answer)))

    def refuse(self, question: Question, failure: str) -> Question | None:
        """Write why there is no answer."""
        return self._moved(refused(question, failure))

    def turn_down(self, question: Question, refusal: str) -> Question | None:
        """Write, as a code, why the session's linking does nothing with it."""
        return self._moved(turned_down(question, refusal))

    def _moved(self, question: Question) -> Question | None:
        return question if self.questions.move(question) else None
