"""Messages as they stand: looked at one by one or by the page, and received, each stored before anything else."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from chalicelib.domain.content import Content, Context, Undecryptable
from chalicelib.domain.errors import MessageNotFound
from chalicelib.domain.jid import USERS, Identity, lid_in, phone_in
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
from chalicelib.services.ports import Clock, MessageStore, Rejected, SessionStore, Unavailable
from chalicelib.services.sessions.moves import found

CHUNK: Final = 100
LOOKED_THROUGH: Final = 1_000
"""Messages that are looked through for those of one chat, in so many at a time: there is no index of chats."""
PAGE_TEXT: Final = 1_000_000
"""Characters of text after which a page ends early: Lambda's answers may have 6 MB."""


@dataclass(frozen=True, slots=True)
class Messages:
    """Reads a tenant's messages; what has expired isn't there, though DynamoDB takes its time to remove it."""

    sessions: SessionStore
    messages: MessageStore
    identities: Identities
    clock: Clock

    def get(self, tenant: str, session_id: str, message_id: str) -> Message:
        """Return a message of the tenant's session, by our id, or by WhatsApp's if it was sent from here.

        Raises SessionNotFound and MessageNotFound.
        """
        uid = self._uid(tenant, session_id)
        message = self.messages.get(uid, message_id) or self.messages.by_whatsapp_id(uid, message_id)
        if message is None or self._expired(message):
            raise MessageNotFound("There is no such message in this session.", field="message_id")
        return self.identities.in_one_chat(uid, [message])[0]

    def page(self, tenant: str, session_id: str, *, limit: int, before: str | None) -> tuple[list[Message], str | None]:
        """Return up to ``limit`` of the session's messages, newest first, and the ``before`` of the page that follows.

        Long texts make a page shorter. Raises SessionNotFound.
        """
        uid = self._uid(tenant, session_id)
        recent = self.messages.recent(uid, limit=limit + 1, before=before)
        size = written = 0
        while size < min(limit, len(recent)) and written < PAGE_TEXT:
            written += len(recent[size].content.text or "")
            size += 1
        page = recent[:size]
        more = page[-1].id if len(recent) > size else None
        kept = [message for message in page if not self._expired(message)]
        return self.identities.in_one_chat(uid, kept), more

    def chat(
        self, tenant: str, session_id: str, chat: str, *, limit: int, before: str | None
    ) -> tuple[list[Message], str | None]:
        """Return up to ``limit`` messages of one chat, by either JID of its person, newest first.

        A page may be short, or empty, and yet another one follow: of so many messages that are looked through there
        may be few. Raises SessionNotFound.
        """
        uid = self._uid(tenant, session_id)
        names = self.identities.names(uid, chat)
        found: list[Message] = []
        written = 0
        for _ in range(LOOKED_THROUGH // CHUNK):
            chunk = self.messages.recent(uid, limit=CHUNK, before=before)
            for message in self.identities.in_one_chat(uid, chunk):
                if len(found) == limit or written >= PAGE_TEXT:
                    return found, before
                before = message.id
                if names & {message.chat, message.chat_lid} and not self._expired(message):
                    found.append(message)
                    written += len(message.content.text or "")
            if len(chunk) < CHUNK:
                return found, None
        return found, before

    def _uid(self, tenant: str, session_id: str) -> str:
        return found(self.sessions.find(tenant, session_id), session_id).uid

    def _expired(self, message: Message) -> bool:
        return message.kept_until <= self.clock()


NamedId = Callable[[int, bytes], str]
"""Makes the ULID of a time (milliseconds since the Unix epoch) and ten bytes: the same of the same."""


@dataclass(frozen=True, slots=True)
class Received:
    """What the client tells of a message that came in; ``at`` is WhatsApp's time in milliseconds since the epoch.

    ``content`` is what it says, ``context`` in what it was said. ``from_me`` says that another device of the same
    account wrote it. ``chat_lid`` is the LID's JID in a direct chat.
    """

    whatsapp_id: str
    chat: str
    sender: Party
    at: int
    content: Content = field(repr=False)
    from_me: bool = False
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
        unread = "\0unread" if isinstance(received.content, Undecryptable) else ""
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
            content=_bounded(received.content),
            to=received.chat if received.from_me else own,
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


def _bounded(content: Content) -> Content:
    """Cut words that no app writes: a hostile client may, and an item has its limit."""
    text = content.text
    fits = text is None or (len(text) <= MAX_TEXT and len(text.encode()) <= MAX_TEXT_BYTES)
    return content if fits else content.with_text(fitted((text or "")[:MAX_TEXT], size=MAX_TEXT_BYTES))
