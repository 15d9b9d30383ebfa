"""Questions to a session's worker: stored, rung for, and waited for until the answer stands or time is up."""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from chalicelib.domain.errors import AnswerNotReady, AnswerRefused, SessionNotFound, TooFast, TooManyQuestions
from chalicelib.domain.questions import PLACES, Contact, GroupList, Question, Subject
from chalicelib.domain.session import Session
from chalicelib.services.ports import Clock, Mailboxes, NewId, Paces, SessionStore, Sleep, Unavailable
from chalicelib.services.ports.questions import QuestionStore
from chalicelib.services.refusals import why_not_connected

POLLS: Final = (0.1, 0.05, 0.05, 0.05, 0.1, 0.1, 0.15, 0.2, 0.25)
"""Seconds between looks at the question, the last one repeated; none before an answer can be there."""
ASK_AGAIN: Final = 5
"""Seconds after which it is worth asking again what wasn't answered in time."""

log = logging.getLogger(__name__)


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

    def contact(self, tenant: str, session_id: str, number: str) -> Contact:
        """Return whether a phone number (digits) is on WhatsApp. Raises what ``groups`` raises."""
        answer = self._answer(tenant, session_id, Subject.NUMBER, number).contact
        return answer or Contact(exists=False)

    def groups(self, tenant: str, session_id: str) -> GroupList:
        """Return the groups that the session's account is in.

        Raises SessionNotFound, SessionNotConnected, TooFast, TooManyQuestions, AnswerNotReady and AnswerRefused.
        """
        return self._answer(tenant, session_id, Subject.GROUPS).groups or GroupList(())

    def _answer(self, tenant: str, session_id: str, subject: Subject, number: str | None = None) -> Question:
        session = self._connected(tenant, session_id)
        self._keep_pace(session)
        asked = self._put(session, subject, number)
        try:
            self._ring(session)
            answer = self._wait(asked)
        finally:
            # Its place is free again at once; where that fails, as soon as it has expired.
            with suppress(Unavailable):
                self.questions.remove(asked)
        if answer is None:
            raise AnswerNotReady("WhatsApp didn't answer in time.", hint="Ask again in a while.", retry_after=ASK_AGAIN)
        if answer.failure:
            raise AnswerRefused(answer.failure)
        return answer

    def _connected(self, tenant: str, session_id: str) -> Session:
        session = self.sessions.find(tenant, session_id)
        if session is None:
            raise SessionNotFound(f"There is no session '{session_id}'.", field="id")
        refusal = why_not_connected(session)
        if refusal:
            raise refusal
        return session

    def _keep_pace(self, session: Session) -> None:
        wait = self.paces.take(session.uid, now=self.clock())
        if wait:
            raise TooFast(
                "The session asks WhatsApp faster than its pace allows.",
                hint="Slow down: accounts that look up many numbers are banned.",
                retry_after=ceil(wait),
            )

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

    def _ring(self, session: Session) -> None:
        try:
            if session.mailbox:
                self.mailboxes.ring(session.mailbox)
        except Unavailable as error:
            log.warning("a worker couldn't be rung for: %s", error, extra={"session_uid": session.uid})

    def _wait(self, asked: Question) -> Question | None:
        """Return the question once the worker has done with it; None when time is up."""
        looks = 0
        while self.clock() < asked.expires_at:
            self.sleep(POLLS[min(looks, len(POLLS) - 1)])
            looks += 1
            with suppress(Unavailable):
                stands = self.questions.get(asked)
                if stands and stands.settled:
                    return stands
        return None
