"""Webhooks: events put down as owed, then one attempt after the other, and what follows each."""

import logging
from dataclasses import dataclass
from typing import Final

from chalicelib.dialects.webhooks import payload
from chalicelib.domain import signature
from chalicelib.domain.events import Envelope, LinkEvent, WebhookDisabled
from chalicelib.domain.session import Session
from chalicelib.domain.transitions import NEXT
from chalicelib.domain.webhook import Delivery, Outcome, Verdict, attempted, interests, owed, reachable
from chalicelib.services.ports import Clock, Deliveries, HistoryStore, MessageStore, Poster, SessionStore
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
            if session and delivery and payload(session).tells(envelope, session):
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
            log.info("webhook.dropped", extra={"uid": delivery.uid, "event_id": delivery.event})
            return
        headers = signature.headers(session.webhook_secret or "", delivery.event, body, now=self.clock())
        outcome = self.poster.post(
            session.webhook_url or "", body, {**headers, **payload(session).headers(session, body)}
        )
        self._follow(delivery, session, outcome)

    def _body(self, delivery: Delivery, session: Session) -> bytes | None:
        event = self.history.get(delivery.uid, delivery.cursor)
        message = self.messages.get(delivery.uid, delivery.message) if delivery.message else None
        if event is None or (delivery.message and message is None):
            return None
        # It may have become another family's since this was owed.
        words = payload(session)
        return words.body(event, message, session) if words.tells(event, session) else None

    def _follow(self, delivery: Delivery, session: Session, outcome: Outcome) -> None:
        now = self.clock()
        sequel = attempted(delivery, outcome, now=now)
        if sequel.again:
            self.deliveries.put(sequel.again, delay=(sequel.again.not_before - now) / 1000)
        elif sequel.verdict is Verdict.GONE:
            self._disable(session)
        elif sequel.verdict is Verdict.FAILED:
            self.deliveries.bury(delivery)
        level = logging.INFO if sequel.verdict is Verdict.DELIVERED else logging.WARNING
        # The address isn't said: it may hold a secret of the receiver's.
        about = {
            "uid": delivery.uid,
            "event_id": delivery.event,
            "attempt": delivery.attempt,
            "status": outcome.status,
            "trouble": outcome.trouble,
        }
        log.log(level, "webhook.%s", sequel.verdict, extra=about)

    def _disable(self, session: Session) -> None:
        """Send nothing to that endpoint any more; one that was set meanwhile stays."""

        def decide(stands: Session) -> LinkEvent | None:
            same = stands.webhook_url == session.webhook_url and stands.webhook_generation == session.webhook_generation
            same = same and stands.webhook_disabled_at is None
            return WebhookDisabled() if same and (stands.status, WebhookDisabled) in NEXT else None

        self.moves.move(lambda: self.sessions.get(session.uid), decide)
