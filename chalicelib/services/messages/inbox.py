"""Messages received: each becomes an item before anything else happens with it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from chalicelib.domain.content import Content, Context
from chalicelib.domain.identity import Identity, lid_in
from chalicelib.domain.jid import USERS, phone_in
from chalicelib.domain.messages import (
    MAX_NAME_BYTES,
    MAX_TEXT,
    MAX_TEXT_BYTES,
    Direction,
    Message,
    MessageStatus,
    Party,
    event,
    fitted,
)
from chalicelib.domain.session import Session
from chalicelib.services.messages.identities import Identities
from chalicelib.services.ports import Clock, MessageStore, Rejected, Unavailable

UNDECRYPTABLE: Final = "undecryptable"
"""The kind of a message that the client couldn't read."""

NamedId = Callable[[int, bytes], str]
"""Makes the ULID of a time (milliseconds since the Unix epoch) and ten bytes: the same of the same."""


@dataclass(frozen=True, slots=True)
class Received:
    """What the client tells of a message that came in; ``at`` is WhatsApp's time in milliseconds since the epoch.

    ``kind`` is text, or what else it is (image, audio, undecryptable, …), in which case ``text`` may be its caption,
    and ``content`` what else there is to it. ``from_me`` says that another device of the same account wrote it.
    ``chat_lid`` is the LID's JID in a direct chat.
    """

    whatsapp_id: str
    chat: str
    sender: Party
    at: int
    kind: str = "text"
    text: str | None = field(default=None, repr=False)
    from_me: bool = False
    content: Content | None = field(default=None, repr=False)
    context: Context | None = field(default=None, repr=False)
    chat_lid: str | None = None


@dataclass(frozen=True, slots=True)
class Inbox:
    """Keeps what comes in."""

    messages: MessageStore
    clock: Clock
    named_id: NamedId
    identities: Identities

    def receive(self, session: Session, received: Received) -> bool:
        """Write the message; False if it is there already: WhatsApp repeats what wasn't acknowledged in time.

        Its id follows from WhatsApp's time, chat, sender and id, so the repeat of a message is the same message. One
        that couldn't be read isn't the same as the one that its sender's phone sends when it is asked again.
        """
        who = received.sender.lid or received.sender.phone or ""
        unread = "\0unread" if received.kind == UNDECRYPTABLE else ""
        digest = sha256(f"{received.chat}\0{who}\0{received.whatsapp_id}{unread}".encode()).digest()
        own = f"{session.device.phone}@{USERS}" if session.device else None
        message = Message(
            uid=session.uid,
            id=self.named_id(received.at, digest[:10]),
            tenant=session.tenant,
            session=session.id,
            direction=Direction.OUTBOUND if received.from_me else Direction.INBOUND,
            status=MessageStatus.SENT if received.from_me else MessageStatus.RECEIVED,
            created_at=received.at,
            chat=received.chat,
            kind=received.kind,
            # No app writes longer ones, but a hostile client may, and an item has its limit.
            text=fitted(received.text[:MAX_TEXT], size=MAX_TEXT_BYTES) if received.text else received.text,
            to=received.chat if received.from_me else own,
            content=received.content,
            context=received.context,
            sender=_named(received.sender),
            copied=received.from_me,
            whatsapp_id=received.whatsapp_id,
            chat_lid=received.chat_lid,
        )
        now = self.clock()
        # The event's id follows from the message's: a repeat that is written after all is the same event.
        fresh = self.messages.put(replace(message, last_event=event(message, f"{message.id}-received", now)))
        # Who it is, the next message tells as well.
        with suppress(Unavailable, Rejected):
            self.identities.note(session.uid, Identity(phone_in(received.chat), lid_in(received.chat_lid)))
        return fresh


def _named(sender: Party) -> Party:
    return replace(sender, name=fitted(sender.name, size=MAX_NAME_BYTES)) if sender.name else sender
