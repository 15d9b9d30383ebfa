"""What messages and questions need from outside, as Protocols: their items, pace, and Idempotency-Keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.chats import Chat, ChatTimer, LastMessages, Pointer
from chalicelib.domain.jid import Identity
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party, Receipt
from chalicelib.domain.questions import Question


class MessageStore(Protocol):
    """Messages, each an item of its own beside its session."""

    def put(self, message: Message) -> bool:
        """Write a new message; False, and nothing written, if there is one of that id."""

    def get(self, uid: str, message_id: str) -> Message | None:
        """Return the message, read consistently."""

    def move(self, message: Message) -> bool:
        """Write ``message`` over the version before its own; False, and nothing written, if that isn't what stands."""

    def open(self, uid: str, *, limit: int, after: str | None = None) -> list[Message]:
        """Return the session's queued and sending messages, oldest first, read consistently.

        ``after`` is the id of the message that the page before ended with.
        """

    def mark(self, uid: str, message_id: str, **marks: str | int) -> None:
        """Set some of ``edited_by``, ``edited_at``, ``deleted_by`` and ``deleted_at`` on a message that is there.

        Nothing happens if a newer message (by its id) has set the same ``…_by`` already; again is no harm.
        """

    def unmark_deleted(self, uid: str, message_id: str, *, by: str) -> None:
        """Take the mark of that deletion away, if it is the one that stands."""

    def forget_end(self, message: Message) -> None:
        """Have nobody look any more whether the message has to be ended, unless it moved since it was read."""

    def remove(self, message: Message) -> None:
        """Remove the message; one that is gone is no error."""

    def note_whatsapp_id(self, message: Message) -> None:
        """Have the message found by its WhatsApp id; again is no harm."""

    def note_receipt(
        self, message: Message, who: Party, status: MessageStatus, *, at: int, played: bool = False
    ) -> None:
        """Note when a recipient has got the message (delivered), has read or ``played`` it; the first time counts."""

    def receipts(self, uid: str, message_id: str) -> list[Receipt]:
        """Return what was noted of the message's recipients, each once."""

    def note_received(self, message: Message, *, writer: str) -> None:
        """Have a message that came in found by its WhatsApp id and its writer (LID or number); again is no harm."""

    def by_writer(self, uid: str, whatsapp_id: str, *, writer: str) -> Message | None:
        """Return the message that came in under that id, written by that one: others may use the same id."""

    def by_whatsapp_id(self, uid: str, whatsapp_id: str) -> Message | None:
        """Return the outbound message that WhatsApp knows by that id."""

    def received_as(self, uid: str, whatsapp_id: str) -> Message | None:
        """Return the message that came in under that id, whoever wrote it; of several, the newest."""

    def recent(self, uid: str, *, limit: int, before: str | None) -> list[Message]:
        """Return the session's messages, newest first, those older than the id ``before`` if given."""

    def following(self, uid: str, *, limit: int, after: str | None) -> list[Message]:
        """Return the session's messages, oldest first, those newer than the id ``after`` if given."""

    def many(self, uid: str, message_ids: Sequence[str]) -> list[Message]:
        """Return the messages of these ids, those that are there, in no order; read consistently."""


class ChatStore(Protocol):
    """Chats, an item each, and pointers to their messages, as ``domain.chats`` tells them."""

    def note(self, chat: Chat, *, now: int) -> bool:
        """Move the chat on to the messages that ``chat`` names, or make it; whether it is new. Again is no harm."""

    def get(self, uid: str, key: str) -> Chat | None:
        """Return the chat, read consistently."""

    def many(self, uid: str, keys: Sequence[str]) -> list[Chat]:
        """Return those chats that are there, in any order, read consistently."""

    def kept(self, uid: str, *, now: int, most: int) -> list[Chat]:
        """Return the session's chats that haven't expired, in any order, of more than ``most`` any ``most``."""

    def remove(self, uid: str, key: str) -> None:
        """Remove the chat, not its pointers; one that is gone is no error."""

    def read(self, uid: str, key: str, message_id: str) -> None:
        """Note that the chat, if it is there, was read up to that message."""

    def time(self, uid: str, key: str, timer: ChatTimer) -> None:
        """Note the timer of the chat, if it is there and no newer message has told of one."""

    def unread(self, chat: Chat, *, most: int) -> int:
        """Return how many of the first ``most`` messages after the chat's ``read_to`` want reading."""

    def point(self, uid: str, key: str, pointer: Pointer, *, unread: bool, until: int) -> None:
        """Have the message found by its chat until then; again is no harm."""

    def pointers(self, uid: str, key: str, *, cursor: str | None, limit: int, newest_first: bool) -> list[Pointer]:
        """Return the chat's pointers in the order of their ids, those behind the id ``cursor`` if given."""

    def begin(self, uid: str, since: int) -> None:
        """Note that the session's messages from then on have pointers, unless that is noted."""

    def since(self, uid: str) -> int | None:
        """Return what was noted with ``begin``; None if nothing was."""

    def passed(self, uid: str, direction: Direction, at: int) -> None:
        """Note that a message of the session came in or went out then, unless a newer one did."""

    def last(self, uid: str) -> LastMessages:
        """Return what was noted with ``passed``, read consistently."""


class UnsentIndex(Protocol):
    """Which messages have to be ended, in whatever session."""

    def unsent(self, now: int) -> list[tuple[str, str]]:
        """Return uid and id of open messages that expired by ``now``, some thousand at the most.

        It may lag behind: read the message.
        """


@dataclass(frozen=True, slots=True)
class Claim:
    """What stands for a key: its first request's ``fingerprint``, and the id that the ``result`` has.

    ``at`` is when it was first used (milliseconds since the Unix epoch), ``made`` whether the result was answered.
    """

    fingerprint: str
    result: str
    at: int
    made: bool = False


class IdempotencyStore(Protocol):
    """What an Idempotency-Key was first used for."""

    def claim(self, tenant: str, key: str, *, fingerprint: str, result: str, now: int) -> Claim:
        """Note the request's fingerprint and the id its result will have; return what stands for the key.

        The first caller gets its own back, every later one the first's. Kept for a day.
        """

    def finish(self, tenant: str, key: str, *, result: str) -> None:
        """Note that the result is made, if it still is what stands for the key."""


class Paces(Protocol):
    """Each session's pace: a bucket of tokens that refills."""

    def take(self, uid: str, *, now: int) -> float:
        """Take a token; return 0, or the seconds until there is one, in which case none was taken."""


class QuestionStore(Protocol):
    """Questions, each in one of its session's places, so that there are never more of them than places."""

    def put(self, question: Question, *, now: int) -> bool:
        """Write a new question in its place; False, and nothing written, if one stands there that hasn't expired."""

    def get(self, question: Question) -> Question | None:
        """Return the question as it stands, read consistently; None if it is gone."""

    def all(self, uid: str, *, linking: bool = False) -> list[Question]:
        """Return the session's questions, read consistently; those whom nobody waits for any more may be among them.

        Those about its linking (``LINKING``) are apart, and asked for by ``linking``.
        """

    def move(self, question: Question) -> bool:
        """Write ``question`` over the version before its own; False, and nothing written, if that isn't what stands."""

    def remove(self, question: Question) -> None:
        """Free the question's place; if another has it by now, nothing happens."""


class IdentityStore(Protocol):
    """What a session's account has learnt of people, each under their JIDs; forgotten after a month without news."""

    def note(self, uid: str, jids: Sequence[str], identity: Identity, *, now: int) -> None:
        """Store the person's identity under each of the ``jids``, in place of what stood there; may be repeated."""

    def find(self, uid: str, jids: Sequence[str], *, now: int) -> Mapping[str, Identity]:
        """Return who is known under the ``jids``, by JID; read consistently."""

    def forget(self, uid: str, jid: str) -> None:
        """Have nobody found under the JID; if nobody is, nothing happens."""
