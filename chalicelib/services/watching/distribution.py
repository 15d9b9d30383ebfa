"""The distribution of events: of each to history, its chat, watchers and the webhook, in that order.

Events of one session that come together are written into history together, before any of them is told. So the watchers
that are read for one of them are good for the next ones, too: whoever subscribes after they were read finds all of
these events in history. They are good for a moment only, since watchers leave.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.chats import IndexEntries
from chalicelib.domain.events import Envelope
from chalicelib.domain.session import Session
from chalicelib.domain.watchers import Room
from chalicelib.services.messages.chats import Chats
from chalicelib.services.ports import Clock
from chalicelib.services.watching.push import Push
from chalicelib.services.watching.watching import History
from chalicelib.services.webhooks import Webhooks

GOOD_FOR: Final = 250
"""Milliseconds for which a session's watchers are good once they were read."""

_log: Final = logging.getLogger(__name__)


class Distribution(Struct, frozen=True):
    """Distributes sessions' events. Repeatable."""

    history: History
    chats: Chats
    push: Push
    webhooks: Webhooks
    clock: Clock

    def begin(self, envelopes: Sequence[Envelope]) -> "EventBatch":
        """Begin with events of one session that come together, in their order: write them into history.

        Each is to be told afterwards. Raises nothing: what couldn't be written here is written when it is told.
        """
        written: Mapping[str, IndexEntries] = {}
        if len(envelopes) > 1:
            try:
                written = self.history.record_all([(one, self.chats.entries(one)) for one in envelopes])
            except Exception:  # noqa: BLE001 - whoever tells of the events comes to it again, and reports it
                _log.warning("events are written one by one", extra={"uid": envelopes[0].uid}, exc_info=True)
        return EventBatch(self, written)


@dataclass(slots=True)
class EventBatch:
    """What events of one session share that came together; ``written`` are those in history, by their cursors."""

    by: Distribution
    written: Mapping[str, IndexEntries]
    room: Room | None = field(default=None, init=False)
    read_at: int = field(default=0, init=False)

    def tell(self, envelope: Envelope, session: Session | None) -> None:
        """Distribute the next event; ``session`` is the session as the event left it, where that is known.

        Raises Unavailable, and what else the services raise.
        """
        by, entries = self.by, self.written.get(envelope.cursor)
        known = self._known() if entries else None
        if entries is None:
            entries = by.history.record(envelope, by.chats.entries(envelope))
        by.chats.index(envelope, entries)
        if known is None:
            self.read_at = by.clock()
        self.room = None
        room = by.push.push(envelope, known)
        note = by.webhooks.owe(envelope, session, room.note)
        self.room = replace(room, note=note)

    def _known(self) -> Room | None:
        good = self.room and self.room.whole and self.by.clock() < self.read_at + GOOD_FOR
        return self.room if good else None
