"""What the owner of a session does while it is linked: asks for a pairing code, and answers for a passkey.

Everything happens on the session's own thread, as the codes that it shows do. A pairing code takes WhatsApp's word: the
question waits, while all else goes on, for the event that brings it. One waits at a time: a code replaces the one
before it, so whoever asked first would be handed a code that is dead already.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Final

from chalicelib.domain import events as e
from chalicelib.domain.passkey import BadAssertion
from chalicelib.domain.questions import LinkingRefusal, Question, Subject
from chalicelib.domain.session import PasskeyDemand, ShownPairingCode
from chalicelib.services.messages.questions import Answering
from chalicelib.services.ports import Rejected
from chalicelib.worker.log import Log
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.waiting import EventQueue, patiently
from chalicelib.worker.whatsapp import client as c

PHONE_TAKES: Final = 120_000
"""Milliseconds for WhatsApp and the phone to go on with what the owner has done."""
_REFUSED: Final = {"refused": LinkingRefusal.PHONE, "throttled": LinkingRefusal.THROTTLED}


class OwnersLinking:
    """Answers the questions about one client's linking, and reports what comes of them."""

    def __init__(
        self, client: c.Client, reporter: SessionReporter, answering: Answering, events: EventQueue, log: Log
    ) -> None:
        self._client = client
        self._reporter = reporter
        self._answering = answering
        self._events = events
        self._log = log
        self._waiting: Question | None = None

    def look(self) -> None:
        """Do what was asked. Nobody looks without a ring: a question lives for seconds, and can be asked again."""
        claim = self._reporter.claim
        owed = partial(self._answering.owed, claim.uid, epoch=claim.epoch, linking=True)
        for question in patiently(owed, self._events):
            taken = patiently(partial(self._answering.take, question, epoch=claim.epoch), self._events)
            if taken:
                self._log.info("linking_question", question=taken.id, subject=str(taken.subject))
                self._act(taken)

    def demanded(self, options: str, seconds: float) -> None:
        """Report that WhatsApp demands a passkey; no pairing code comes any more."""
        self.over()
        self._reporter.report(e.PasskeyRequested(PasskeyDemand(options, self._until(seconds))))

    def told(self, event: c.PairingCodeEvent | c.PairingCodeEndedEvent | c.PasskeyCodeEvent) -> None:
        """Report what the linking tells, and answer who waits for it."""
        match event:
            case c.PairingCodeEvent(phone=phone, code=code, seconds=seconds):
                shown = ShownPairingCode(code, phone, self._until(seconds))
                self._reporter.report(e.PairingCodeTaken(shown))
                self._settle(lambda question: self._answering.answer(question, shown))
            case c.PairingCodeEndedEvent(why=why):
                if self._reporter.session.pairing_code:
                    self._reporter.report(e.PairingCodeLapsed(why))
                self._settle(
                    lambda question: self._answering.turn_down(question, _REFUSED.get(why, LinkingRefusal.OVER))
                )
            case c.PasskeyCodeEvent(code=code, seconds=seconds):
                self._reporter.report(e.PasskeyConfirmationRequested(code, self._until(seconds)))

    def over(self) -> None:
        """Say to who waits that the linking is over, or has gone another way."""
        self._settle(lambda question: self._answering.turn_down(question, LinkingRefusal.OVER))

    def _act(self, question: Question) -> None:
        acts = self._client.linking
        if acts is None:
            self._turn_down(question, LinkingRefusal.UNSUPPORTED)
            return
        try:
            self._done(acts, question)
        except BadAssertion as bad:
            self._turn_down(question, bad.code)
        except c.NotNow:
            self._turn_down(question, LinkingRefusal.OUT_OF_TURN)

    def _done(self, acts: c.OwnersActs, question: Question) -> None:
        match question.subject:
            case Subject.PAIRING_CODE if self._waiting and self._reporter.clock() < self._waiting.expires_at:
                self._turn_down(question, LinkingRefusal.OUT_OF_TURN)
            case Subject.PAIRING_CODE:
                acts.show_pairing_code(question.number or "")
                self._waiting = question
            case Subject.ASSERTION:
                acts.give_assertion(json.loads(question.assertion or "{}"))
                self._went_on(question)
            case Subject.CONFIRMATION:
                acts.confirm(same=question.same is True)
                if question.same is True:
                    self._went_on(question)
                else:
                    self._write(partial(self._answering.answer, question, None))
            case _:
                self._turn_down(question, LinkingRefusal.UNSUPPORTED)

    def _went_on(self, question: Question) -> None:
        """Report, before whoever asked is answered, that it is the phone's turn."""
        self._reporter.report(e.PasskeyAnswered(self._reporter.clock() + PHONE_TAKES))
        self._write(partial(self._answering.answer, question, None))

    def _turn_down(self, question: Question, refusal: str) -> None:
        self._write(partial(self._answering.turn_down, question, refusal))

    def _settle(self, settle: Callable[[Question], Question | None]) -> None:
        """Have the question settled that waits, if one does."""
        question, self._waiting = self._waiting, None
        if question:
            self._write(partial(settle, question))

    def _write(self, write: Callable[[], Question | None]) -> None:
        try:
            patiently(write, self._events)
        except Rejected as rejected:
            # It ends by itself, in seconds.
            self._log.warning("linking_answer_rejected", code=rejected.code)

    def _until(self, seconds: float) -> int:
        return self._reporter.clock() + round(seconds * 1000)
