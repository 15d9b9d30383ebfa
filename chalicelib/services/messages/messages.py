"""Messages as their owner looks at them: one, or a page of a session's."""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import MessageNotFound
from chalicelib.domain.messages import Message
from chalicelib.services.ports import Clock, MessageStore, SessionStore
from chalicelib.services.sessions.refusals import found

PAGE_TEXT: Final = 1_000_000
"""Characters of text after which a page ends early: Lambda's answers may have 6 MB."""


@dataclass(frozen=True, slots=True)
class Messages:
    """Reads a tenant's messages; what has expired isn't there, though DynamoDB takes its time to remove it."""

    sessions: SessionStore
    messages: MessageStore
    clock: Clock

    def get(self, tenant: str, session_id: str, message_id: str) -> Message:
        """Return a message of the tenant's session, by our id, or by WhatsApp's if it was sent from here.

        Raises SessionNotFound and MessageNotFound.
        """
        uid = self._uid(tenant, session_id)
        message = self.messages.get(uid, message_id) or self.messages.by_whatsapp_id(uid, message_id)
        if message is None or self._expired(message):
            raise MessageNotFound("There is no such message in this session.", field="message_id")
        return message

    def page(self, tenant: str, session_id: str, *, limit: int, before: str | None) -> tuple[list[Message], str | None]:
        """Return up to ``limit`` of the session's messages, newest first, and the ``before`` of the page that follows.

        Long texts make a page shorter. Raises SessionNotFound.
        """
        recent = self.messages.recent(self._uid(tenant, session_id), limit=limit + 1, before=before)
        size = written = 0
        while size < min(limit, len(recent)) and written < PAGE_TEXT:
            written += len(recent[size].text or "")
            size += 1
        page = recent[:size]
        more = page[-1].id if len(recent) > size else None
        return [message for message in page if not self._expired(message)], more

    def _uid(self, tenant: str, session_id: str) -> str:
        return found(self.sessions.find(tenant, session_id), session_id).uid

    def _expired(self, message: Message) -> bool:
        return message.kept_until <= self.clock()
