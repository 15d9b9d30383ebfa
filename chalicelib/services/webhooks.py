"""Webhooks: at-least-once delivery of a session's events to its endpoint.

How it works. A delivery passes through three steps, each of which may be repeated:

1. ``owe``, in the fan-out: the event is in history already. A queue message is put for it, a reference only (session,
   event id, cursor, message id): neither text nor address lies in the queue. If putting it fails, the stream record
   comes again, and with it this step. Whether a message's event is owed is told by a note that lies beside the
   session's watchers, whom the fan-out reads anyway. The fan-out writes the note itself, when the stream tells it that
   the session has changed. So the note is of the event's own time: whatever happens after an endpoint was set is owed.
   A note holds for ten minutes (``NOTED_FOR``), in case that a change was never told, and only in processes that had
   begun when it was written: a version without notes may have been told of a change before that.
2. ``attempt``, in the function that reads the queue: the session, the event and the message are read as they are now,
   in one call for all deliveries that come together. So an endpoint that was changed, disabled or removed meanwhile
   counts at once, and for a session that is gone nothing is posted. The payload is signed (Standard Webhooks,
   https://www.standardwebhooks.com) and posted once.
3. The retry decision: a 2xx ends the delivery; 410 disables the endpoint; anything else puts a new queue message, with
   the attempt's number and the back-off of ``domain.webhook`` as its delay, and the last one goes to the dead letters,
   from where an operator can move it back (docs/operations.md).

Why an event may arrive twice. The queue deletes a message after ``attempt`` has returned. A function that dies between
the endpoint's 2xx and that deletion leaves the message, and SQS hands it over again. A fan-out that was cut short gets
its stream record again and queues a second delivery. Exactly once would need the endpoint's help, so the endpoint gets
what it needs for that: the id (``webhook-id``) is the event's and the same in every attempt; only the timestamp and the
signature differ.

Why an event is not lost. Nothing is given up before its successor is written: the stream goes on only when the queue
message is there, and a queue message is deleted only when the retry's is. What can't be attempted at all (no table, no
queue) is handed over again by SQS, and goes to the dead letters after five times.

Order is not promised: attempts run side by side, and a retried event arrives after later ones. The native payload's
cursor orders a session's events.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.dialects import webhook_words
from chalicelib.domain.errors import Contended
from chalicelib.domain.events import Envelope, LinkEvent, WebhookDisabled, WebhookFailing, WebhookRecovered
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Session
from chalicelib.domain.transitions import NEXT
from chalicelib.domain.watchers import NOTHING_NOTED, RoomNote
from chalicelib.domain.webhook import (
    MESSAGE_EVENTS,
    NOTED_FOR,
    Delivery,
    EndpointNote,
    Outcome,
    RetryDecision,
    Verdict,
    attempted,
    delivery_of,
    failure,
    interests,
    news,
    owed,
    reachable,
    signature_headers,
)
from chalicelib.services.correlation import HEADER, request_id
from chalicelib.services.ports import Clock, Deliveries, DeliverySource, Poster, SessionStore, Unavailable, WatcherStore
from chalicelib.services.sessions.moves import Moves

EARLY: Final = 1_000
"""Milliseconds that an attempt may be early: the queue's delays are whole seconds."""

log = logging.getLogger(__name__)

Source = tuple[Session | None, Envelope | None, Message | None]
"""What a payload is made of, as ``DeliverySource`` reads it."""


class Webhooks(Struct, frozen=True):
    """Delivers events to sessions' endpoints, each at least once (see the module).

    ``began`` is when this process did, in milliseconds since the Unix epoch.
    """

    sessions: SessionStore
    source: DeliverySource
    watchers: WatcherStore
    deliveries: Deliveries
    poster: Poster
    moves: Moves
    clock: Clock
    began: int

    def owe(self, envelope: Envelope, session: Session | None = None, note: RoomNote = NOTHING_NOTED) -> RoomNote:
        """Queue the event's delivery, if the session has an endpoint for it; the event must be in history already.

        ``session`` is the session as the event left it, where that is known. Else what was noted of its endpoint
        decides about a message's event, and the session is read where the ``note`` doesn't tell. Returns what is noted
        then.
        """
        if session is None and not interests(envelope.type):
            return note
        now, noted = self.clock(), note.endpoint
        types = noted.types if noted and noted.holds(envelope.uid, now=now, since=self.began) else None
        if session is None and envelope.of_message and types is not None:
            tells = envelope.type in types
        else:
            session = session or self.sessions.get(envelope.uid)
            if session is None:
                return note
            note = self._noted(session, note, now)
            tells = owed(envelope, session) and webhook_words(session).tells(envelope, session)
        if tells:
            self.deliveries.put(delivery_of(envelope), delay=0)
        return note

    def _noted(self, session: Session, note: RoomNote, now: int) -> RoomNote:
        """Note which messages' events the endpoint is told of, before any later event of the session comes up."""
        types, noted = _message_events(session), note.endpoint
        if noted is None or not noted.holds(session.uid, now=now, since=self.began) or noted.types != types:
            note = replace(note, endpoint=EndpointNote(session.uid, now + NOTED_FOR, types))
            self.watchers.note(session.tenant, session.id, note)
        return note

    def look_up(self, deliveries: Sequence[Delivery]) -> Mapping[Delivery, Source]:
        """Return what the payloads of deliveries are made of that are attempted at once, read in one call.

        Raises nothing: of what can't be read here, nothing is returned, and each attempt reads its own.
        """
        now = self.clock()
        due = [one for one in deliveries if one.not_before - now < EARLY]
        if len(due) < 2:
            return {}
        try:
            return self.source.read_all(due)
        except Exception:
            log.warning("deliveries are looked up one by one", exc_info=True)
            return {}

    def attempt(self, delivery: Delivery, source: Source | None = None) -> None:
        """Make one attempt, unless the session, its endpoint or the event is gone, and carry out the retry decision.

        An attempt before its time is queued again for the rest of the delay. A repeated attempt posts the same event
        under the same id. ``source`` is what was read of it just now. Raises Unavailable.
        """
        early = delivery.not_before - self.clock()
        if early >= EARLY:
            self.deliveries.put(delivery, delay=early / 1000)
            return
        session, event, message = source or self.source.read(delivery)
        body = _body(delivery, session, event, message) if session and reachable(session) else None
        if session is None or body is None:
            about = {"session": session.id} if session else {}
            log.info("webhook.dropped", extra={**about, "uid": delivery.uid, "event_id": delivery.event})
            return
        now = self.clock()
        headers = signature_headers(session.webhook_secret or "", delivery.event, body, now=now)
        headers |= webhook_words(session).headers(session, body, now=now)
        if name := request_id():
            headers |= {HEADER: name}
        outcome = self.poster.post(session.webhook_url or "", body, headers)
        self._follow(delivery, session, outcome)

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
        """Record the endpoint's health on the session. A failure here is only logged: raising would repeat the POST."""
        if decide(session) is None:
            return
        try:
            self._move(session, decide)
        except (Contended, Unavailable):
            log.warning("webhook.not_noted", extra={"session": session.id, "uid": session.uid})

    def _move(self, session: Session, decide: Callable[[Session], LinkEvent | None]) -> None:
        """Move the session, unless its endpoint was disabled or replaced since ``session`` was read."""

        def decided(stands: Session) -> LinkEvent | None:
            same = (stands.webhook_url, stands.webhook_generation) == (session.webhook_url, session.webhook_generation)
            event = decide(stands) if same and stands.webhook_disabled_at is None else None
            return event if event and (stands.status, type(event)) in NEXT else None

        self.moves.move(lambda: self.sessions.get(session.uid), decided)


def _message_events(session: Session) -> tuple[str, ...] | None:
    """Return the types of messages' events that the endpoint is told of; None where more than the type decides."""
    if not reachable(session):
        return ()
    if session.webhook_format or session.webhook_types:
        return None
    words = webhook_words(session)
    return tuple(
        type_
        for type_ in sorted(MESSAGE_EVENTS)
        if words.tells(Envelope("", type_, session.tenant, session.id, session.uid, 0, "", {}), session)
    )


def _body(delivery: Delivery, session: Session, event: Envelope | None, message: Message | None) -> bytes | None:
    if event is None or (delivery.message and message is None):
        return None
    # Another dialect may have set the endpoint since the event was queued.
    words = webhook_words(session)
    return words.body(event, message, session) if words.tells(event, session) else None


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
