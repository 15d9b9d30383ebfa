"""Messages to send: checked, stored, rung for, and waited for a little."""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from chalicelib.domain.errors import (
    IdempotencyKeyReused,
    MessageNotFound,
    NotOnWhatsApp,
    SendFailed,
    SessionNotConnected,
    SessionNotFound,
    TooFast,
)
from chalicelib.domain.messages import Direction, Message, MessageStatus, event
from chalicelib.domain.session import Desired, Session, Status
from chalicelib.services.ports import (
    Clock,
    IdempotencyStore,
    Mailboxes,
    MessageStore,
    NewId,
    Paces,
    SessionStore,
    Sleep,
)

PATIENCE: Final = 10.0
"""Seconds that a send waits for WhatsApp's acknowledgement; then it is answered as queued and goes on."""
POLLS: Final = (0.01, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.4)
"""Seconds between looks at the message; the last one is repeated."""
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
        session = self._found(tenant, session_id)
        message_id = self.new_id()
        if key:
            message_id = self._claim(session, key, to, text, message_id)
            again = self.messages.get(session.uid, message_id)
            if again:
                return self._outcome(self._wait(again))
        self._must_be_connected(session)
        wait = self.paces.take(session.uid, now=self.clock())
        if wait:
            raise TooFast(
                "The session sends faster than its pace allows.",
                hint="Slow down: accounts that write fast are banned.",
                retry_after=max(1, round(wait + 0.5)),
            )
        message = self._new(session, message_id, to, text)
        self.messages.put(message)
        self.mailboxes.ring(session.mailbox or "")
        return self._outcome(self._wait(message))

    def get(self, tenant: str, session_id: str, message_id: str) -> Message:
        """Return a message of the tenant's session; raises SessionNotFound and MessageNotFound."""
        session = self._found(tenant, session_id)
        message = self.messages.get(session.uid, message_id)
        if message is None:
            raise MessageNotFound("There is no such message in this session.", field="message_id")
        return message

    def recent(self, tenant: str, session_id: str, *, limit: int, before: str | None) -> list[Message]:
        """Return a page of the session's messages, newest first; raises SessionNotFound."""
        return self.messages.recent(self._found(tenant, session_id).uid, limit=limit, before=before)

    def _found(self, tenant: str, session_id: str) -> Session:
        session = self.sessions.find(tenant, session_id)
        if session is None:
            raise SessionNotFound(f"There is no session '{session_id}'.", field="id")
        return session

    def _must_be_connected(self, session: Session) -> None:
        if session.status is Status.CONNECTED and session.desired is Desired.RUNNING:
            return
        raise SessionNotConnected(
            "The session isn't connected to WhatsApp.",
            hint=session.message or "Connect it, and scan its QR code if it isn't linked.",
            context={"session": session},
        )

    def _claim(self, session: Session, key: str, to: str, text: str, message_id: str) -> str:
        fingerprint = sha256(f"{session.uid}\0{to}\0{text}".encode()).hexdigest()
        stands, first = self.keys.claim(
            session.tenant, key, fingerprint=fingerprint, result=message_id, now=self.clock()
        )
        if stands != fingerprint:
            raise IdempotencyKeyReused("This Idempotency-Key came with another request before.")
        return first

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
            text=text,
            expires_at=now + EXPIRY,
        )
        return replace(message, last_event=event(message, self.new_id(), now))

    def _wait(self, message: Message) -> Message:
        ends = self.clock() + round(PATIENCE * 1000)
        for look in range(10_000):
            if message.settled or self.clock() >= ends:
                break
            self.sleep(POLLS[min(look, len(POLLS) - 1)])
            message = self.messages.get(message.uid, message.id) or message
        return message

    def _outcome(self, message: Message) -> Message:
        if message.status is not MessageStatus.FAILED:
            return message
        if message.error_code == NOT_ON_WHATSAPP:
            raise NotOnWhatsApp("The recipient isn't on WhatsApp.", field="to", context={"message": message})
        raise SendFailed(message.error_message or "WhatsApp refused the message.", context={"message": message})
