"""Messages to send: checked, stored, rung for, and waited for a little."""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from chalicelib.domain.errors import (
    IdempotencyKeyReused,
    NotOnWhatsApp,
    SendFailed,
)
from chalicelib.domain.jid import phone_in
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party, event
from chalicelib.domain.phone import advice
from chalicelib.domain.session import Session
from chalicelib.services.messages.errands import keep_pace, ring
from chalicelib.services.ports import (
    Clock,
    IdempotencyStore,
    Mailboxes,
    MessageStore,
    NewId,
    Paces,
    Rejected,
    SessionStore,
    Sleep,
    Unavailable,
)
from chalicelib.services.sessions.refusals import found, must_be_connected
from chalicelib.services.sessions.waiting import Patience

PATIENCE: Final = 10.0
"""Seconds that a send waits for WhatsApp's acknowledgement; then it is answered as queued and goes on."""
PAUSES: Final = (0.045, *(0.025,) * 18, *(0.1,) * 5, *(0.4,) * 5, 1.0)
"""Seconds between looks at the message, the last one repeated: none before an acknowledgement can be there, and the
closest while it usually comes."""
EXPIRY: Final = 120_000
"""Milliseconds after which a message that wasn't taken up isn't sent any more."""
NOT_ON_WHATSAPP: Final = "not_on_whatsapp"
"""The ``error_code`` of a message whose recipient has no account."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """Takes messages in for sending."""

    sessions: SessionStore
    messages: MessageStore
    keys: IdempotencyStore
    paces: Paces
    mailboxes: Mailboxes
    clock: Clock
    sleep: Sleep
    new_id: NewId

    def send(self, tenant: str, session_id: str, *, to: str, text: str, key: str | None = None) -> Message:
        """Send ``text`` to the JID ``to``; return the message, acknowledged, or still queued if that takes long.

        With an Idempotency-Key the same request again answers for the first one's message. Raises SessionNotFound,
        SessionNotConnected, TooFast, IdempotencyKeyReused, NotOnWhatsApp and SendFailed.
        """
        session = found(self.sessions.find(tenant, session_id), session_id)
        message_id = self.new_id()
        if key:
            message_id = self._claim(session, key, to, text, message_id)
            again = self.messages.get(session.uid, message_id)
            if again:
                return self._outcome(self._wait(again))
        must_be_connected(session)
        keep_pace(
            self.paces,
            session,
            self.clock,
            "The session sends faster than its pace allows.",
            hint="Slow down: accounts that write fast are banned.",
        )
        message = self._new(session, message_id, to, text)
        self.messages.put(message)
        ring(self.mailboxes, session)
        return self._outcome(self._wait(message))

    def _claim(self, session: Session, key: str, to: str, text: str, message_id: str) -> str:
        fingerprint = sha256(f"{session.uid}\0{to}\0{text}".encode()).hexdigest()
        claim = self.keys.claim(session.tenant, key, fingerprint=fingerprint, result=message_id, now=self.clock())
        if claim.fingerprint != fingerprint:
            raise IdempotencyKeyReused("This Idempotency-Key came with another request before.")
        return claim.result

    def _new(self, session: Session, message_id: str, to: str, text: str) -> Message:
        now = self.clock()
        message = Message(
            uid=session.uid,
            id=message_id,
            tenant=session.tenant,
            session=session.id,
            direction=Direction.OUTBOUND,
            status=MessageStatus.QUEUED,
            created_at=now,
            chat=to,
            to=to,
            sender=Party(session.device.phone) if session.device else None,
            text=text,
            expires_at=now + EXPIRY,
        )
        return replace(message, last_event=event(message, self.new_id(), now))

    def _wait(self, message: Message) -> Message:
        """Return the message once the worker has done with it, or as it stands when patience ends."""
        ends = self.clock() + round(PATIENCE * 1000)
        return Patience(self.clock, self.sleep, PAUSES).until(ends, message, self._stands, lambda m: m.settled)

    def _stands(self, message: Message) -> Message:
        """Read the message again. It is accepted by now: an error here would only make its sender send it twice."""
        try:
            return self.messages.get(message.uid, message.id) or message
        except (Unavailable, Rejected):
            return message

    def _outcome(self, message: Message) -> Message:
        if message.status is not MessageStatus.FAILED:
            return message
        if message.error_code == NOT_ON_WHATSAPP:
            number = phone_in(message.to)
            raise NotOnWhatsApp(
                "The recipient isn't on WhatsApp.",
                field="to",
                hint=advice(number) if number else None,
                context={"message": message},
            )
        raise SendFailed(message.error_message or "WhatsApp refused the message.", context={"message": message})
