"""Questions to a session's worker: stored, rung for, and waited for until the answer stands or time is up."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.domain.errors import AnswerNotReady, AnswerRefused, TooManyQuestions
from chalicelib.domain.questions import PLACES, Contact, GroupList, Question, Subject
from chalicelib.domain.session import Session
from chalicelib.services.messages.errands import keep_pace, ring
from chalicelib.services.ports import Clock, Mailboxes, NewId, Paces, Rejected, SessionStore, Sleep, Unavailable
from chalicelib.services.ports.questions import QuestionStore
from chalicelib.services.sessions.refusals import found, must_be_connected
from chalicelib.services.sessions.waiting import Patience

PAUSES: Final = (0.1, 0.05, 0.05, 0.05, 0.1, 0.1, 0.15, 0.2, 0.25)
"""Seconds between looks at the question, the last one repeated; none before an answer can be there."""
ASK_AGAIN: Final = 5
"""Seconds after which it is worth asking again what wasn't answered in time."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Asks the workers."""

    sessions: SessionStore
    questions: QuestionStore
    paces: Paces
    mailboxes: Mailboxes
    clock: Clock
    sleep: Sleep
    new_id: NewId

    def contact(self, tenant: str, session_id: str, who: str) -> Contact:
        """Return whether a phone number (digits), or a LID's JID, is on WhatsApp. Raises what ``groups`` raises."""
        answer = self._answer(tenant, session_id, Subject.NUMBER, who).contact
        return answer or Contact(exists=False)

    def groups(self, tenant: str, session_id: str) -> GroupList:
        """Return the groups that the session's account is in.

        Raises SessionNotFound, SessionNotConnected, TooFast, TooManyQuestions, AnswerNotReady and AnswerRefused.
        """
        return self._answer(tenant, session_id, Subject.GROUPS).groups or GroupList(())

    def _answer(self, tenant: str, session_id: str, subject: Subject, number: str | None = None) -> Question:
        session = found(self.sessions.find(tenant, session_id), session_id)
        must_be_connected(session)
        keep_pace(
            self.paces,
            session,
            self.clock,
            "The session asks WhatsApp faster than its pace allows.",
            hint="Slow down: accounts that look up many numbers are banned.",
        )
        asked = self._put(session, subject, number)
        try:
            ring(self.mailboxes, session)
            answer = self._wait(asked)
        finally:
            # Its place is free again at once; where that fails, as soon as it has expired.
            with suppress(Unavailable, Rejected):
                self.questions.remove(asked)
        if answer is None:
            raise AnswerNotReady("WhatsApp didn't answer in time.", hint="Ask again in a while.", retry_after=ASK_AGAIN)
        if answer.failure:
            raise AnswerRefused(answer.failure)
        return answer

    def _put(self, session: Session, subject: Subject, number: str | None) -> Question:
        now = self.clock()
        question = Question(session.uid, self.new_id(), subject, asked_at=now, number=number)
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
