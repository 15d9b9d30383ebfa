"""Chats, kept beside their messages: written as events are told, so that lists and unread counts need no scan."""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct, field

from chalicelib.domain.chats import (
    NO_ENTRIES,
    Chat,
    IndexEntries,
    LastMessages,
    Passed,
    Pointing,
    chat_key,
    passed_at,
    points_after,
    points_anew,
    timer_told,
    wants_reading,
)
from chalicelib.domain.content import GroupChange, GroupEvent
from chalicelib.domain.events import Envelope
from chalicelib.domain.jid import GROUPS, Identity, lid_in, phone_in
from chalicelib.domain.messages import Direction, Message, MessageStatus
from chalicelib.services.messages.identities import Identities
from chalicelib.services.messages.store import Messages, mark_changed
from chalicelib.services.ports import ChatStore, Clock, MessageStore, Misconfigured, Rejected, SessionStore
from chalicelib.services.sessions.moves import found

_log: Final = logging.getLogger(__name__)

PASSAGES: Final = 10_000
"""Sessions and directions of which a process remembers when messages passed last."""
MOST_UNREAD: Final = 1_000
"""Messages of a chat that are looked at for its unread ones."""
MOST_WAITING: Final = 100
"""Messages older than the first one with a pointer of which it is looked whether they wait."""
MOST_COUNTED: Final = 100
"""Of each chat in a list: a page has many."""
MOST_LISTED: Final = 10_000
"""Chats of a session that are listed, of those that had a message in 30 days: so many are read within two seconds."""


class Chats(Struct, frozen=True):
    """Keeps a session's chats."""

    chats: ChatStore
    messages: MessageStore
    identities: Identities
    clock: Clock
    passages: OrderedDict[tuple[str, Direction], int] = field(default_factory=OrderedDict)
    """When messages passed last, as far as this process has read or written it."""

    def entries(self, envelope: Envelope) -> IndexEntries:
        """Return what is to be written for the event's message together with the event. Raises Unavailable."""
        message = envelope.message
        if message is None:
            return NO_ENTRIES
        try:
            return IndexEntries(Pointing(self._named(message)) if points_anew(message) else None, self._passed(message))
        except Misconfigured:
            raise
        except Rejected:
            # Whoever indexes the event comes to it again, and tells of it.
            return NO_ENTRIES

    def _passed(self, message: Message) -> Passed | None:
        """Return that the message passed, if it is the newest one in its direction that this process knows of."""
        at, way = passed_at(message), (message.uid, message.direction)
        if at is None:
            return None
        known = self.passages.get(way)
        if known is None:
            last = self.chats.last(message.uid)
            known = (last.inbound if message.direction is Direction.INBOUND else last.outbound) or 0
            self._remember(message, known)
        return Passed(message.direction, at) if at > known else None

    def _remember(self, message: Message, at: int) -> None:
        self.passages[message.uid, message.direction] = at
        if len(self.passages) > PASSAGES:
            self.passages.popitem(last=False)

    def index(self, envelope: Envelope, entries: IndexEntries = NO_ENTRIES) -> None:
        """Have the event's message found by its chat, and the chat and the message that it is about know it.

        ``entries`` were written already. Repeatable, and in whatever order. What the table refuses for good is
        logged: the event is to be told all the same. Raises Unavailable.
        """
        if envelope.message is None:
            return
        try:
            self._index(envelope.message, entries)
        except Misconfigured:
            raise
        except Rejected as rejected:
            about = {"uid": envelope.uid, "message_id": envelope.message.id, "code": rejected.code}
            _log.error("a message can't be found by its chat", extra=about)

    def _index(self, message: Message, entries: IndexEntries) -> None:
        mark_changed(self.messages, message)
        at = entries.passed.at if entries.passed else passed_at(message)
        if at is not None and at > self.passages.get((message.uid, message.direction), 0):
            if entries.passed is None:
                self.chats.passed(message.uid, message.direction, at)
            self._remember(message, at)
        if entries.pointing:
            self._note(entries.pointing.message)
        elif points_anew(message):
            self._point(self._named(message))
        if message.direction is Direction.INBOUND and message.status is MessageStatus.READ:
            self.chats.read(message.uid, chat_key(self._named(message)), message.id)
        timer = timer_told(message)
        if timer:
            self.chats.time(message.uid, chat_key(self._named(message)), timer)

    def _point(self, message: Message) -> None:
        self._note(message)
        at = Pointing(message)
        self.chats.point(message.uid, at.key, at.pointer, unread=at.unread, until=at.until)

    def _note(self, message: Message) -> None:
        if self.chats.note(_chat(message), now=self.clock()):
            # What it went by before its person's LID was known. Its pointers stay: whoever reads asks for all names.
            if chat_key(message) != message.chat:
                self.chats.remove(message.uid, message.chat)
            self._begin(message)

    def _named(self, message: Message) -> Message:
        """Return the message in the chat by the person's LID, where that is known; note both names of the person.

        Whoever asks for the chat by the number has to find it by the LID.
        """
        if message.chat_lid:
            self.identities.note(message.uid, Identity(phone_in(message.chat), lid_in(message.chat_lid)))
        elif phone_in(message.chat):
            who = self.identities.lately_of(message.uid, message.chat)
            return replace(message, chat_lid=who.lid_jid) if who else message
        return message

    def _begin(self, message: Message) -> None:
        """Note since when there are pointers: a session that has no older message than this one has them for all.

        But for those of ours that waited to be sent: each gets its pointer once it is known what became of it.
        """
        at = message.last_event.at if message.last_event else message.created_at
        older = self.messages.recent(message.uid, limit=1, before=message.id)
        if older and points_after(older[0], at):
            older = self.messages.recent(message.uid, limit=MOST_WAITING, before=message.id)
        complete = len(older) < MOST_WAITING and all(points_after(one, at) for one in older)
        self.chats.begin(message.uid, 0 if complete else self.clock())

    def last(self, uid: str) -> LastMessages:
        """Return when the session's newest message came in and went out, also where the message is gone by now."""
        return self.chats.last(uid)

    def read_to(self, message: Message) -> str:
        """Return the id of the newest message of the message's chat that was marked as read from here, or nothing."""
        chat = self.chats.get(message.uid, chat_key(self._named(message)))
        return chat.read_to if chat else ""

    def seen(self, messages: Sequence[Message]) -> frozenset[str]:
        """Return the ids of those of a session's messages that its account wrote, or has read: here or elsewhere."""
        unsure = [
            one for one in messages if one.direction is Direction.INBOUND and one.status is not MessageStatus.READ
        ]
        keys = sorted({chat_key(one) for one in unsure})
        read_to = {chat.key: chat.read_to for chat in self.chats.many(unsure[0].uid, keys)} if unsure else {}
        unread = {one.id for one in unsure if one.id > read_to.get(chat_key(one), "")}
        return frozenset(one.id for one in messages) - unread

    def read(self, message: Message) -> int:
        """Note that the message's chat was read up to it; return how many are unread now, up to ``MOST_UNREAD``."""
        named = self._named(message)
        chat = self._read(named)
        if chat is None:
            # The consumer of the stream, who keeps chats, hasn't come to it yet.
            self._point(named)
            chat = self._read(named)
        return self.chats.unread(chat, most=MOST_UNREAD) if chat and chat.last_inbound > chat.read_to else 0

    def _read(self, message: Message) -> Chat | None:
        self.chats.read(message.uid, chat_key(message), message.id)
        return self.chats.get(message.uid, chat_key(message))


class ChatEntry(Struct, frozen=True):
    """A chat in the list of a session's chats.

    ``last`` is its newest message, None where that has expired before its chat; ``unread`` is ``MOST_COUNTED`` where
    there are so many or more.
    """

    chat: Chat
    last: Message | None
    unread: int

    @property
    def jid(self) -> str:
        """The chat's JID, by the person's number where that is known by now."""
        return self.last.chat if self.last else self.chat.jid

    @property
    def lid(self) -> str | None:
        """The JID by LID of the person that the chat is with."""
        return (self.last.chat_lid if self.last else None) or self.chat.lid


class ChatList(Struct, frozen=True):
    """Lists a session's chats by their newest messages.

    No index has them in that order, since every message moves one: each page reads all chats of the session, which are
    small, and looks at ``MOST_LISTED`` of them at the most.
    """

    sessions: SessionStore
    chats: ChatStore
    messages: Messages
    clock: Clock

    def page(
        self, tenant: str, session_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[ChatEntry], str | None]:
        """Return the chats whose newest messages come before the id ``cursor``, and the cursor of the page after.

        The newest chat is first. A chat that moves on while somebody turns pages is before those that follow. Raises
        SessionNotFound.
        """
        uid = found(self.sessions.find(tenant, session_id), session_id).uid
        kept = self.chats.kept(uid, now=self.clock(), most=MOST_LISTED)
        behind = sorted((one for one in kept if cursor is None or one.last < cursor), key=lambda one: one.last)[::-1]
        listed = behind[:limit]
        newest = self.messages.standing(uid, [one.last for one in listed]) if listed else {}
        entries = [ChatEntry(one, newest.get(one.last), self._unread(one)) for one in listed]
        return entries, listed[-1].last if len(behind) > limit else None

    def _unread(self, chat: Chat) -> int:
        return self.chats.unread(chat, most=MOST_COUNTED) if chat.last_inbound > chat.read_to else 0


def _chat(message: Message) -> Chat:
    inbound = wants_reading(message)
    return Chat(
        uid=message.uid,
        key=chat_key(message),
        jid=message.chat,
        lid=message.chat_lid,
        name=_name(message, inbound=inbound),
        last=message.id,
        last_inbound=message.id if inbound else "",
    )


def _name(message: Message, *, inbound: bool) -> str | None:
    """Return what the message calls its chat: a person by the name that it came with, a group by its subject."""
    if message.chat.endswith(f"@{GROUPS}"):
        content = message.content
        named = isinstance(content, GroupEvent) and content.change in {GroupChange.ADDED, GroupChange.SUBJECT}
        return content.value if named and isinstance(content, GroupEvent) else None
    return message.sender.name if inbound and message.sender else None
