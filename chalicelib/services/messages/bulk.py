"""One message to many: sent one after the other at the session's pace, for as long as the call lasts."""

import logging
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct

from chalicelib.domain.content import Content
from chalicelib.domain.errors import (
    IdempotencyKeyReused,
    InvalidField,
    MediaExpired,
    MessageDeleted,
    MessageNotFound,
    NotReady,
    OfMessage,
    SessionDisabled,
    SessionNotConnected,
    SessionNotFound,
    TooFast,
    Unfit,
)
from chalicelib.domain.jid import person_or_group
from chalicelib.domain.messages import Attempt, Message, Report
from chalicelib.services.messages.outbox import Outbox, fingerprinted
from chalicelib.services.ports import Clock, IdempotencyStore, Rejected, Sleep, Unavailable
from chalicelib.services.waiting import in_time

BUDGET: Final = 15.0
"""Seconds after which no further message is begun: the last one may wait for ten more, and API Gateway for 29."""

_log: Final = logging.getLogger(__name__)

_STOPS: Final = (
    SessionNotConnected,
    SessionDisabled,
    SessionNotFound,
    TooFast,
    MessageNotFound,
    MessageDeleted,
    MediaExpired,
    Unfit,
)
"""Errors that end a bulk, since the next message would meet them too."""


Post = Callable[[str, str | None], Message]
"""Sends to a JID, by an Idempotency-Key if there is one; raises what ``Outbox.send`` raises."""


class Bulk(Struct, frozen=True):
    """Sends one content to many at the session's pace; recipients for whom time is short are untried."""

    outbox: Outbox
    keys: IdempotencyStore
    clock: Clock
    sleep: Sleep

    def send(
        self, tenant: str, session_id: str, *, to: Sequence[str], content: Content, key: str | None = None
    ) -> Report:
        """Send ``content`` to each recipient, and report by the recipients as they were written.

        With an Idempotency-Key the same request again goes on where the first one stopped, and sends nothing twice.
        Raises IdempotencyKeyReused, and the error that stopped the bulk if no recipient was tried (see ``untried``).
        """

        def post(jid: str, key: str | None) -> Message:
            return self.outbox.send(tenant, session_id, to=jid, content=content, key=key)

        return self.each(tenant, session_id, to, post, said=fingerprinted(content), key=key)

    def each(
        self,
        tenant: str,
        session_id: str,
        to: Sequence[str],
        post: Post,
        *,
        said: str,
        key: str | None = None,
    ) -> Report:
        """Have ``post`` send to each recipient's JID, by the key that it is given, and report as ``send`` does.

        ``said`` is what is sent: what tells one request with the same key from another, besides the recipients.
        """
        if key:
            self._claim(tenant, session_id, "\0".join([session_id, said, *to]), key)
        ends = in_time(self.clock() + round(BUDGET * 1000))
        attempts: list[Attempt] = []
        for place, one in enumerate(to):
            own_key = f"{key} {place}" if key else None
            try:
                attempts.append(self._attempt(one, post, own_key, ends))
            except _STOPS as stop:
                if not attempts:
                    stop.untried = tuple(to)
                    raise
                return Report(tuple(attempts), tuple(to[place:]), stop)
            except (Unavailable, Rejected) as error:
                if not attempts:
                    raise
                # Whoever was sent to is told of, whatever became of the others.
                _log.warning("a bulk had to stop: %s", error)
                busy = NotReady("The gateway is busy.", hint="Send the rest again.", retry_after=1)
                return Report(tuple(attempts), tuple(to[place:]), busy)
        return Report(tuple(attempts))

    def _attempt(self, to: str, post: Post, key: str | None, ends: int) -> Attempt:
        try:
            jid = person_or_group(to, field="recipients")
            return Attempt(to, self._paced(post, jid, key, ends))
        except (InvalidField, OfMessage) as error:
            return Attempt(to, error.failed if isinstance(error, OfMessage) else None, error)

    def _paced(self, post: Post, jid: str, key: str | None, ends: int) -> Message:
        while True:
            if self.clock() >= ends:
                raise TooFast("The call's time was up.", hint="Send the rest in another call.", retry_after=1)
            try:
                return post(jid, key)
            except TooFast as error:
                wait = error.retry_after or 1
                if self.clock() + wait * 1000 >= ends:
                    raise
                self.sleep(wait)

    def _claim(self, tenant: str, session_id: str, said: str, key: str) -> None:
        fingerprint = sha256(said.encode()).hexdigest()
        claim = self.keys.claim(tenant, key, fingerprint=fingerprint, result=session_id, now=self.clock())
        if claim.fingerprint != fingerprint:
            raise IdempotencyKeyReused("This Idempotency-Key came with another request before.")
