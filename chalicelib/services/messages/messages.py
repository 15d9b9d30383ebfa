"""Messages as their owner looks at them: one, or a page of a session's."""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import MessageNotFound
from chalicelib.domain.messages import Message
from chalicelib.services.messages.identities import Identities
from chalicelib.services.ports import Clock, MessageStore, SessionStore
from chalicelib.services.sessions.refusals import found

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
            written += len(recent[size].text or "")
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
                    written += len(message.text or "")
            if len(chunk) < CHUNK:
                return found, None
        return found, before

    def _uid(self, tenant: str, session_id: str) -> str:
        return found(self.sessions.find(tenant, session_id), session_id).uid

    def _expired(self, message: Message) -> bool:
        return message.kept_until <= self.clock()
