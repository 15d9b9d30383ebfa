"""A table that is a copy of an earlier one, before anything runs on it: what its items don't know, put right.

Theory of restoring
-------------------
A copy of the table is older than the world: sessions have been claimed since, and messages sent, of which it knows
nothing. Two of its counts and promises would be wrong:

- *Epochs*. A linked device's files are named by the claim's epoch, and a worker opens none while a later epoch's are
  there (``worker.session.device``). Claims would be counted anew from the copy's epoch, and meet the files of claims
  that the copy doesn't know. So each session's epoch is raised by ``LEAP``, further than any count of claims since.
- *Messages*. What was queued when the copy was made has probably been sent since, and would be sent a second time. So
  it becomes ``unknown``, as what was being sent does: nobody can tell any more. Where the files alone are a copy, only
  the latter is uncertain: the next worker would look a message up in a database from before it was sent.

Both may be done again, and begun anew where they were broken off; they are to be over before the first worker starts.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.errors import Contended
from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.domain.session import Session
from chalicelib.services.messages.outbox import AT_ONCE, Dispatch
from chalicelib.services.ports import SessionStore
from chalicelib.services.ports.accounts import TenantStore
from chalicelib.services.ports.messages import MessageStore

LEAP: Final = 1_000_000
"""By how much an epoch is raised: a claim a minute for two years."""
PAGE: Final = 100
"""Tenants and sessions that are read at a time."""
TRIES: Final = 5
UNCERTAIN: Final = ("restored", "The gateway was restored from a copy: this may or may not have gone out.")


class Restored(Struct, frozen=True):
    """Puts a restored table right. Raises Unavailable."""

    tenants: TenantStore
    sessions: SessionStore
    messages: MessageStore
    dispatch: Dispatch

    def raise_epochs(self) -> int:
        """Raise the epoch of every session that was ever claimed; return how many there were.

        That is no event: call it before the stream is on. Raises Contended where somebody else moves the sessions.
        """
        return sum(self._raise_epoch(session) for session in self._all())

    def end_messages(self, *, queued: bool) -> int:
        """Make every message unknown that was being sent, and with ``queued`` all that waited; return how many.

        Each is an event: call it once the stream is on.
        """
        return sum(self._end_messages(session, queued=queued) for session in self._all())

    def _all(self) -> Iterator[Session]:
        page, after = self.tenants.page(limit=PAGE, after=None)
        while True:
            for tenant in page:
                yield from self._of(tenant.id)
            if after is None:
                return
            page, after = self.tenants.page(limit=PAGE, after=after)

    def _of(self, tenant: str) -> Iterator[Session]:
        page, after = self.sessions.page(tenant, limit=PAGE, after=None)
        while True:
            yield from page
            if after is None:
                return
            page, after = self.sessions.page(tenant, limit=PAGE, after=after)

    def _raise_epoch(self, found: Session) -> bool:
        session: Session | None = found
        for _ in range(TRIES):
            # Without a claim there was never a file.
            if session is None or session.epoch == 0:
                return False
            if self.sessions.move(replace(session, epoch=session.epoch + LEAP, version=session.version + 1)):
                return True
            session = self.sessions.get(found.uid)
        raise Contended(f"The session {found.uid} is being changed: something runs on this table.")

    def _end_messages(self, session: Session, *, queued: bool) -> int:
        ended, after = 0, None
        while True:
            page = self.messages.open(session.uid, limit=AT_ONCE, after=after)
            ended += sum(self._end(message, session) for message in page if queued or _is_left(message))
            if len(page) < AT_ONCE:
                return ended
            after = page[-1].id

    def _end(self, message: Message, session: Session) -> bool:
        # Only what is being sent can become unknown, and by the table's count it may have been.
        being_sent = message if _is_left(message) else self.dispatch.begin(message, epoch=session.epoch)
        return being_sent is not None and self.dispatch.unknown(being_sent, *UNCERTAIN) is not None


def _is_left(message: Message) -> bool:
    return message.status is MessageStatus.SENDING
