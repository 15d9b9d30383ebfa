"""What others are shown of an account that is no message: that it has read, types, is online, and rejects a call."""

from typing import Final

from msgspec import Struct

from chalicelib.domain import sending as rules
from chalicelib.domain.messages import Direction, Message
from chalicelib.domain.questions import Composing, Typing
from chalicelib.services.messages.chats import Chats
from chalicelib.services.messages.questions import Questions
from chalicelib.services.messages.store import Messages, Wanted

AT_ONCE: Final = 100
"""Messages that are marked as read by one call."""


class Signals(Struct, frozen=True):
    """Has a session's worker tell WhatsApp; all of it raises what ``Questions.groups`` raises."""

    questions: Questions
    messages: Messages
    chats: Chats

    def mark_read(self, tenant: str, session_id: str, message_id: str, *, played: bool = False) -> tuple[Message, int]:
        """Mark a message as read, and the unread ones of its chat before it; return it, and how many are unread now.

        ``played`` is for voice messages and videos, and marks that message alone. Raises MessageNotFound, NotReceived.
        """
        message = self.messages.get(tenant, session_id, message_id)
        before = () if played else self._unread_before(tenant, session_id, message)
        self.questions.mark_read(tenant, session_id, rules.reads([message, *before], played=played))
        return message, self.chats.read(message)

    def _unread_before(self, tenant: str, session_id: str, message: Message) -> list[Message]:
        wanted = Wanted(AT_ONCE - 1, message.id, chat=message.chat, direction=Direction.INBOUND)
        earlier, _ = self.messages.listed(tenant, session_id, wanted)
        read_to = self.chats.read_to(message)
        return [one for one in earlier if one.id > read_to and one.whatsapp_id]

    def show_typing(self, tenant: str, session_id: str, chat: str, state: Composing) -> None:
        """Have the account shown typing or recording in a chat (a JID), or doing neither."""
        self.questions.show_typing(tenant, session_id, Typing(chat, state))

    def show_online(self, tenant: str, session_id: str, *, online: bool) -> None:
        """Have the account shown as online, or not."""
        self.questions.show_online(tenant, session_id, online=online)

    def reject_call(self, tenant: str, session_id: str, message_id: str) -> Message:
        """Reject the call that a message tells of; return the message. Raises MessageNotFound and NotACall."""
        message = self.messages.get(tenant, session_id, message_id)
        self.questions.reject_call(tenant, session_id, rules.call_of(message))
        return message
