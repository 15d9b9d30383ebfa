"""Accepted messages that will not be sent: each is ended with a code that says why, with or without a worker.

A worker ends what expires while it serves the session. Without one the reconciler ends what waits for a session that
sends nothing any more, and the sweep what waited too long for one that is away.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from msgspec import Struct

from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.domain.session import Desired, Session, Status
from chalicelib.services.messages.outbox import AT_ONCE, EXPIRED, LEFT, Dispatch
from chalicelib.services.ports import Clock, MessageStore, Rejected, SessionStore, Unavailable, UnsentIndex

_DISABLED: Final = ("session_disabled", "The session was switched off before the message went out.")
_DELETED: Final = ("session_deleted", "The session was deleted before the message went out.")
_LOGGED_OUT: Final = ("session_logged_out", "The session's device was unlinked before the message went out.")
_STOPPED: Final = ("session_stopped", "The session was stopped before the message went out.")
_FAILED: Final = ("session_failed", "The session failed before the message went out.")
_ENDED: Final = ("session_ended", "The session ended while this was being sent: it may or may not have gone out.")

_UNWANTED: Final = {
    Desired.STOPPED: _STOPPED,
    Desired.UNLINKED: _LOGGED_OUT,
    Desired.DELETED: _DELETED,
}
_OVER: Final = {
    Status.STOPPED: _STOPPED,
    Status.PASSKEY_REQUIRED: _STOPPED,
    Status.LOGGED_OUT: _LOGGED_OUT,
    Status.FAILED: _FAILED,
}

log: Final = logging.getLogger(__name__)


def sends_nothing(session: Session) -> tuple[str, str] | None:
    """Return why the session won't send its accepted messages, as a code and a sentence; None if it still may.

    A session whose connection or worker was lost still may: its messages wait until they expire.
    """
    if not session.enabled:
        return _DISABLED
    if session.desired is not Desired.RUNNING:
        return _UNWANTED[session.desired]
    # Unlinked by the phone, it starts again by itself, perhaps for another account.
    return _OVER.get(session.status) if session.answered or session.status is Status.LOGGED_OUT else None


class Unsent(Struct, frozen=True):
    """Ends messages. Each end is a conditional move of the message, so a quicker worker's report stands."""

    messages: MessageStore
    sessions: SessionStore
    index: UnsentIndex
    dispatch: Dispatch
    clock: Clock

    def end(self, session: Session) -> None:
        """End the accepted messages of a session that sends nothing any more.

        A message that a worker is just sending is left to that worker while there is one. Raises Unavailable;
        repeatable.
        """
        why = sends_nothing(session)
        # Without a claim there was never anybody to accept a message for.
        if why is None or session.epoch == 0:
            return
        for message in self._open(session.uid):
            # One whose end is refused for good is met again by the sweep, and keeps no other waiting.
            with suppress(Rejected):
                if message.status is MessageStatus.QUEUED:
                    self.dispatch.failed(message, *why)
                elif session.answered:
                    self.dispatch.unknown(message, *_ENDED)

    def expire(self) -> None:
        """End messages that waited too long, in all sessions; one that can't be ended doesn't hold up the others."""
        for uid, message_id in self.index.unsent(self.clock()):
            about = {"uid": uid, "message_id": message_id}
            try:
                self._expire(uid, message_id)
            except Unavailable:
                log.warning("a message couldn't be expired", extra=about)
            except Exception:
                log.exception("a message can't be expired", extra=about)

    def _expire(self, uid: str, message_id: str) -> None:
        message = self.messages.get(uid, message_id)
        if message is None:
            return
        if self.sessions.get(uid) is None:
            # Accepted while its session was being removed.
            self.messages.remove(message)
        elif message.ends_by is None:
            # A worker of an older version moved it on, and left it in the index.
            self.messages.forget_end(message)
        elif message.ends_by <= self.clock():
            try:
                self._end(message)
            except Rejected:
                self.messages.forget_end(message)
                raise

    def _end(self, message: Message) -> None:
        if message.status is MessageStatus.QUEUED:
            self.dispatch.failed(message, *EXPIRED)
        else:
            self.dispatch.unknown(message, *LEFT)

    def _open(self, uid: str) -> Iterator[Message]:
        after = None
        while True:
            page = self.messages.open(uid, limit=AT_ONCE, after=after)
            yield from page
            if len(page) < AT_ONCE:
                return
            after = page[-1].id
