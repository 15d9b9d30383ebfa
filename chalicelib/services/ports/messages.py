"""Messages, their pace, and what was sent with which Idempotency-Key."""

from typing import Protocol

from chalicelib.domain.idempotency import Claim
from chalicelib.domain.messages import Message


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

    def forget_end(self, message: Message) -> None:
        """Have nobody look any more whether the message has to be ended, unless it moved since it was read."""

    def remove(self, message: Message) -> None:
        """Remove the message; one that is gone is no error."""

    def note_whatsapp_id(self, message: Message) -> None:
        """Have the message found by its WhatsApp id; again is no harm."""

    def by_whatsapp_id(self, uid: str, whatsapp_id: str) -> Message | None:
        """Return the outbound message that WhatsApp knows by that id."""

    def recent(self, uid: str, *, limit: int, before: str | None) -> list[Message]:
        """Return the session's messages, newest first, those older than the id ``before`` if given."""


class UnsentIndex(Protocol):
    """Which messages have to be ended, in whatever session."""

    def unsent(self, now: int) -> list[tuple[str, str]]:
        """Return uid and id of open messages that expired by ``now``, some thousand at the most.

        It may lag behind: read the message.
        """


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
