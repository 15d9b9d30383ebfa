"""Webhooks: events put down as owed, then one attempt after the other, and what follows each."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chalicelib.dialects import webhook_words
from chalicelib.domain import signature
from chalicelib.domain.errors import Contended
from chalicelib.domain.events import Envelope, LinkEvent, WebhookDisabled, WebhookFailing, WebhookRecovered
from chalicelib.domain.session import Session
from chalicelib.domain.transitions import NEXT
from chalicelib.domain.webhook import (
    Delivery,
    Outcome,
    RetryDecision,
    Verdict,
    attempted,
    failure,
    interests,
    news,
    owed,
    reachable,
)
from chalicelib.services.ports import Clock, Deliveries, HistoryStore, MessageStore, Poster, SessionStore, Unavailable
from chalicelib.services.sessions.moves import Moves

EARLY: Final = 1_000
"""Milliseconds that an attempt may be early: the queue's delays are whole seconds."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Tells sessions' endpoints, at least once each event."""

    sessions: SessionStore
    history: HistoryStore
    messages: MessageStore
    deliveries: Deliveries
    poster: Poster
    moves: Moves
    clock: Clock

    def owe(self, envelope: Envelope) -> None:
        """Queue the delivery that the event is, if it is one; it must be in history already."""
        if interests(envelope.type):
            session = self.sessions.get(envelope.uid)
            delivery = owed(envelope, session)
            if session and delivery and webhook_words(session).tells(envelope, session):
                self.deliveries.put(delivery, delay=0)

    def attempt(self, delivery: Delivery) -> None:
        """Post what is owed, unless the session, its endpoint or the event is gone, and do what follows.

        Repeated, it posts the same again under the same id.
        """
        early = delivery.not_before - self.clock()
        if early >= EARLY:
            self.deliveries.put(delivery, delay=early / 1000)
            return
        session = self.sessions.get(delivery.uid)
        body = self._body(delivery, session) if session and reachable(session) else None
        if session is None or body is None:
            about = {"session": session.id} if session else {}
            log.info("webhook.dropped", extra={**about, "uid": delivery.uid, "event_id": delivery.event})
            return
        now = self.clock()
        headers = signature.headers(session.webhook_secret or "", delivery.event, body, now=now)
        headers |= webhook_words(session).headers(session, body, now=now)
        outcome = self.poster.post(session.webhook_url or "", body, headers)
        self._follow(delivery, session, outcome)

    def _body(self, delivery: Delivery, session: Session) -> bytes | None:
        event = self.history.get(delivery.uid, delivery.cursor)
        message = self.messages.get(delivery.uid, delivery.message) if delivery.message else None
        if event is None or (delivery.message and message is None):
            return None
        # It may have become another family's since this was owed.
        words = webhook_words(session)
        return words.body(event, message, session) if words.tells(event, session) else None

    def _follow(self, delivery: Delivery, session: Session, outcome: Outcome) -> None:
        now = self.clock()
        decision = attempted(delivery, outcome, now=now)
        _log(delivery, session, outcome, decision)
        if decision.again:
            self.deliveries.put(decision.again, delay=(decision.again.not_before - now) / 1000)
        elif decision.verdict is Verdict.FAILED:
            self.deliveries.dead_letter(delivery)
        if decision.verdict is Verdict.DELIVERED:
            self._note(session, _recovered)
            return
        failed = failure(delivery, outcome, decision, now=now)
        if decision.verdict is Verdict.GONE:
            self._move(session, lambda _: WebhookDisabled(failed))
        else:
            self._note(session, lambda stands: WebhookFailing(failed) if news(stands.webhook_failure, failed) else None)

    def _note(self, session: Session, decide: Callable[[Session], LinkEvent | None]) -> None:
        """Write on the session how its endpoint does. What was posted isn't posted again because that fails."""
        if decide(session) is None:
            return
        try:
            self._move(session, decide)
        except (Contended, Unavailable):
            log.warning("webhook.not_noted", extra={"session": session.id, "uid": session.uid})

    def _move(self, session: Session, decide: Callable[[Session], LinkEvent | None]) -> None:
        """Move the session, unless its endpoint was disabled or set anew since ``session`` was read."""

        def decided(stands: Session) -> LinkEvent | None:
            same = (stands.webhook_url, stands.webhook_generation) == (session.webhook_url, session.webhook_generation)
            event = decide(stands) if same and stands.webhook_disabled_at is None else None
            return event if event and (stands.status, type(event)) in NEXT else None

        self.moves.move(lambda: self.sessions.get(session.uid), decided)


def _recovered(stands: Session) -> LinkEvent | None:
    failing = stands.webhook_failure is not None and stands.webhook_failure.recovered_at is None
    return WebhookRecovered() if failing else None


def _log(delivery: Delivery, session: Session, outcome: Outcome, decision: RetryDecision) -> None:
    # The address isn't said: it may hold a secret of the receiver's.
    about = {
        "tenant": session.tenant,
        "session": session.id,
        "uid": delivery.uid,
        "event_id": delivery.event,
        "attempt": delivery.attempt,
        "status": outcome.status,
    }
    if not outcome.success:
        about["reason"] = outcome.reason
    if decision.again:
        about["next_at"] = decision.again.not_before
    level = logging.INFO if outcome.success else logging.WARNING
    log.log(level, "webhook.%s", decision.verdict, extra=about)
