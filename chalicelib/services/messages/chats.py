"""Chats, kept beside their messages: written as events are told, so that lists and unread counts need no scan."""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.chats import Chat, Pointer, chat_key, pointed_until, points_anew, wants_reading
from chalicelib.domain.events import Envelope
from chalicelib.domain.jid import Identity, lid_in, phone_in
from chalicelib.domain.messages import Message
from chalicelib.services.messages.identities import Identities
from chalicelib.services.ports import ChatStore, Clock, MessageStore

MOST_UNREAD: Final = 1_000
"""Messages of a chat that are looked at for its unread ones."""


@dataclass(frozen=True, slots=True)
class Chats:
    """Keeps a session's chats."""

    chats: ChatStore
    messages: MessageStore
    identities: Identities
    clock: Clock

    def index(self, envelope: Envelope) -> None:
        """Have the event's message found by its chat, and the chat know it; of any other event nothing is noted.

        Repeatable, and in whatever order. Raises Unavailable and Rejected.
        """
        message = envelope.message
        if message is None or not points_anew(message):
            return
        # Whoever asks for the chat by the number has to find it by the LID.
        self.identities.note(message.uid, Identity(phone_in(message.chat), lid_in(message.chat_lid)))
        if self.chats.note(_chat(message), now=self.clock()):
            self._begin(message)
        pointer = Pointer(message.id, message.direction, message.content.type)
        unread, until = wants_reading(message), pointed_until(message)
        self.chats.point(message.uid, chat_key(message), pointer, unread=unread, until=until)

    def _begin(self, message: Message) -> None:
        """Note since when there are pointers: a session that has no older message than this one has them for all."""
        older = self.messages.recent(message.uid, limit=1, before=message.id)
        self.chats.begin(message.uid, self.clock() if older else 0)

    def read(self, message: Message) -> int:
        """Note that the message's chat was read up to it; return how many are unread now, up to ``MOST_UNREAD``."""
        self.chats.read(message.uid, chat_key(message), message.id)
        chat = self.chats.get(message.uid, chat_key(message))
        return self.chats.unread(chat, most=MOST_UNREAD) if chat and chat.last_inbound > chat.read_to else 0


def _chat(message: Message) -> Chat:
    inbound = wants_reading(message)
    return Chat(
        uid=message.uid,
        key=chat_key(message),
        jid=message.chat,
        lid=message.chat_lid,
        name=message.sender.name if inbound and message.sender and not message.chat.endswith("@g.us") else None,
        last=message.id,
        last_inbound=message.id if inbound else "",
    )
