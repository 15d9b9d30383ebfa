"""Chats: what is kept of each beside its messages, and the pointers by which a chat's messages are found.

A chat with a person goes by that person's LID wherever WhatsApp told it with the message, else by the number that was
written to; so whoever reads asks for all names of a person. A group goes by its own JID.
"""

from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace as changed

from chalicelib.domain.content import About, Context, Timer
from chalicelib.domain.messages import KEPT, OPEN, Direction, Message, MessageStatus

CHAT_KEPT: Final = 30 * 86_400_000
"""Milliseconds that a chat is kept after its newest message."""


LONGEST_TIMER: Final = 90 * 86_400
"""Seconds of the longest timer that WhatsApp's apps know; who says more sets none."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat of a session: ``key`` is what it is found by, ``jid`` and ``lid`` as its newest message has them.

    ``last`` is the id of its newest message, ``last_inbound`` of the newest that somebody wrote to the account, and
    ``read_to`` of the newest that was marked as read from here. Its messages disappear after ``timer`` seconds, 0 if
    they stay; ``timer_set_at`` is when that was set (seconds since the Unix epoch), 0 where it isn't known, and
    ``timer_by`` the id of the message that told.
    """

    uid: str
    key: str
    jid: str
    lid: str | None = None
    name: str | None = field(default=None, repr=False)
    last: str = ""
    last_inbound: str = ""
    read_to: str = ""
    timer: int = 0
    timer_set_at: int = 0
    timer_by: str = ""


@dataclass(frozen=True, slots=True)
class LastMessages:
    """When a session's newest message came in and went out, in milliseconds since the Unix epoch; None: none did."""

    inbound: int | None = None
    outbound: int | None = None


def passed_at(message: Message) -> int | None:
    """Return when the message came in or went out, if that is what its newest event tells; else None.

    What the account's other devices wrote went out when they say so.
    """
    if message.direction is Direction.INBOUND or message.copied:
        return message.created_at if message.version == 0 else None
    told = message.last_event
    return message.sent_at if told is not None and told.at == message.sent_at else None


_TIME_OF_ID: Final = 10
"""Characters of a ULID that are its time."""


@dataclass(frozen=True, slots=True)
class ChatTimer:
    """That a chat's messages disappear after so many ``seconds``, as the message ``by`` told (our id)."""

    seconds: int
    by: str
    set_at: int = 0

    @property
    def bound(self) -> str:
        """What the ids sort before of messages whose word this one takes the place of.

        Those of the same moment are among them: WhatsApp's times are whole seconds, and of two in one second the one
        that is told of later counts.
        """
        return f"{self.by[:_TIME_OF_ID]}\x7f"


@dataclass(frozen=True, slots=True)
class DisappearAfter:
    """After how many ``seconds`` a chat's messages disappear, 0 if they stay, as set at ``set_at`` (see ``Chat``)."""

    seconds: int = 0
    set_at: int = 0

    def within(self, context: Context | None) -> Context | None:
        """Return the context of a message that is said in the chat: its own, with the timer if there is one."""
        if not self.seconds:
            return context
        return changed(context or Context(), expires_in=self.seconds, timer_set_at=self.set_at or None)


def timer_told(message: Message) -> ChatTimer | None:
    """Return what the message tells of its chat's timer: one that sets it, or one that came in and will disappear.

    One of ours sets it once it has gone out. What is no timer of WhatsApp's changes nothing: all that is sent from then
    on would say it, too.
    """
    told = _timer_in(message)
    return told if told and told.seconds <= LONGEST_TIMER else None


def _timer_in(message: Message) -> ChatTimer | None:
    if isinstance(message.content, Timer):
        unsent = message.status in OPEN or message.status in {MessageStatus.FAILED, MessageStatus.UNKNOWN}
        return None if unsent else ChatTimer(message.content.seconds, message.id, message.created_at // 1000)
    context = message.context
    if message.direction is Direction.OUTBOUND or context is None or not context.expires_in:
        return None
    return ChatTimer(context.expires_in, message.id, context.timer_set_at or 0)


@dataclass(frozen=True, slots=True)
class Pointer:
    """That a chat has a message of that ``id`` (ours): all that a list asks for before it reads the message."""

    id: str
    direction: Direction
    type: str


def chat_key(message: Message) -> str:
    """Return what the message's chat is found by."""
    return message.chat_lid or message.chat


def wants_reading(message: Message) -> bool:
    """Whether the message is one that a chat shows as unread: somebody's, and no mere change of another message."""
    return message.direction is Direction.INBOUND and not isinstance(message.content, About | Timer)


def pointed_until(message: Message) -> int:
    """Return until when the pointer is kept, in milliseconds since the Unix epoch.

    A message stays for KEPT after its newest event. Of what happens to it within that time the pointer needs to know
    nothing: it stays twice as long. What happens later writes it anew.
    """
    return message.kept_until + KEPT


@dataclass(frozen=True, slots=True)
class Pointing:
    """What has a message found by its chat. The ``message`` is in the chat that goes by its person's LID, if known."""

    message: Message

    @property
    def key(self) -> str:
        """What the chat is found by."""
        return chat_key(self.message)

    @property
    def pointer(self) -> Pointer:
        """Return what is kept of the message."""
        return Pointer(self.message.id, self.message.direction, self.message.content.type)

    @property
    def unread(self) -> bool:
        """Whether the message wants reading."""
        return wants_reading(self.message)

    @property
    def until(self) -> int:
        """Return until when the pointer is kept, in milliseconds since the Unix epoch."""
        return pointed_until(self.message)


@dataclass(frozen=True, slots=True)
class Passed:
    """That the newest message in its direction came in or went out ``at`` then, in milliseconds since the epoch."""

    direction: Direction
    at: int


@dataclass(frozen=True, slots=True)
class IndexEntries:
    """What is written for an event's message together with the event."""

    pointing: Pointing | None = None
    passed: Passed | None = None


NO_ENTRIES: Final = IndexEntries()


def points_anew(message: Message) -> bool:
    """Whether the message's newest event is to write its pointer: the first that is told, and any that keeps it longer.

    Of one of ours that is what became of it: that it waits to be sent is no event that anybody is told of.
    """
    told = message.last_event
    if told is None:
        return message.version == 0
    ours = message.direction is Direction.OUTBOUND and not message.copied
    ended = message.status in {MessageStatus.FAILED, MessageStatus.UNKNOWN} or told.at == message.sent_at
    late = told.at - message.created_at > KEPT
    return message.version == 0 or late or (ours and ended)


def points_after(message: Message, at: int) -> bool:
    """Whether the message is one of ours whose pointer is written for something that happened ``at`` then or later."""
    if message.direction is not Direction.OUTBOUND or message.copied:
        return False
    told_at = message.sent_at or (message.last_event.at if message.last_event else 0)
    return message.status in OPEN or told_at >= at
