"""The worker's side of messages to send: what is owed, what became of each, what receipts say."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from chalicelib.domain.messages import Message, MessageStatus, advance, moves
from chalicelib.services.ports import Clock, MessageStore, NewId, Rejected

AT_ONCE: Final = 50
EXPIRED: Final = ("expired", "It wasn't sent in time: its session was away, or had too much to send.")
LEFT: Final = ("worker_lost", "The worker was lost while it sent this: it may or may not have gone out.")


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Moves messages as their session's one worker reports."""

    messages: MessageStore
    clock: Clock
    new_id: NewId

    def owed(self, uid: str, *, but: Collection[str] = ()) -> list[Message]:
        """Return up to AT_ONCE messages to send, in the order they were accepted in, without the ids in ``but``.

        Call it only between sends: what is found half sent then was left so by a worker that is gone, and is reported
        as unknown. What has expired is reported as failed.
        """
        waiting = (message for message in self._open(uid) if message.id not in but)
        return list(islice(filter(self._is_owed, waiting), AT_ONCE))

    def _open(self, uid: str) -> Iterator[Message]:
        """Yield the open messages; what can't be ended stays open, and must not hide what comes after it."""
        after = None
        while True:
            page = self.messages.open(uid, limit=AT_ONCE, after=after)
            yield from page
            if len(page) < AT_ONCE:
                return
            after = page[-1].id

    def _is_owed(self, message: Message) -> bool:
        if message.status is MessageStatus.SENDING:
            self._end(message, MessageStatus.UNKNOWN, LEFT)
        elif message.expires_at and message.expires_at <= self.clock():
            self._end(message, MessageStatus.FAILED, EXPIRED)
        else:
            return True
        return False

    def _end(self, message: Message, status: MessageStatus, error: tuple[str, str]) -> None:
        # One whose end the table refuses for good is met again, and keeps nobody waiting.
        with suppress(Rejected):
            self._move(message, status, error=error)

    def begin(self, message: Message, *, epoch: int) -> Message | None:
        """Mark the message as being sent under ``epoch``, before the client is called; None if somebody else was."""
        return self._move(message, MessageStatus.SENDING, epoch=epoch)

    def put_back(self, message: Message) -> Message | None:
        """Queue the message again: the client surely didn't send it."""
        return self._move(message, MessageStatus.QUEUED)

    def sent(self, message: Message, whatsapp_id: str) -> Message | None:
        """Note WhatsApp's id, for receipts, then that its server acknowledged the message.

        What somebody else took for lost meanwhile is sent all the same; None if a receipt was quicker and has told so.
        """
        self.messages.note_whatsapp_id(replace(message, whatsapp_id=whatsapp_id))
        stands: Message | None = message
        while stands and moves(stands, MessageStatus.SENT):
            after = self._move(stands, MessageStatus.SENT, whatsapp_id=whatsapp_id)
            if after:
                return after
            stands = self.messages.get(message.uid, message.id)
        return None

    def failed(self, message: Message, code: str, sentence: str) -> Message | None:
        """Note that the message was refused, by the client or by WhatsApp."""
        return self._move(message, MessageStatus.FAILED, error=(code, sentence))

    def unknown(self, message: Message, code: str, sentence: str) -> Message | None:
        """Note that nobody can tell whether the message went out."""
        return self._move(message, MessageStatus.UNKNOWN, error=(code, sentence))

    def receipt(self, uid: str, whatsapp_ids: Sequence[str], status: MessageStatus) -> None:
        """Note what a receipt says of messages that this session sent; of others, and repeated, it says nothing."""
        for whatsapp_id in whatsapp_ids:
            while True:
                message = self.messages.by_whatsapp_id(uid, whatsapp_id)
                if message is None or not moves(message, status):
                    break
                if self._move(message, status, whatsapp_id=whatsapp_id):
                    break

    def _move(
        self,
        message: Message,
        status: MessageStatus,
        *,
        epoch: int | None = None,
        whatsapp_id: str | None = None,
        error: tuple[str, str] | None = None,
    ) -> Message | None:
        """Write the move; None if the table doesn't have it, or the message moved since it was read."""
        if not moves(message, status):
            return None
        code, sentence = error or (None, None)
        after = advance(
            message,
            status,
            now=self.clock(),
            event_id=self.new_id(),
            epoch=epoch,
            whatsapp_id=whatsapp_id,
            error_code=code,
            error_message=sentence,
        )
        return after if self.messages.move(after) else None
