"""The stream, materialised: each event under its cursor, before anybody is told of it."""

from dataclasses import dataclass, replace

from chalicelib.domain.events import DELETED, Envelope
from chalicelib.services.ports import HistoryStore


@dataclass(frozen=True, slots=True)
class History:
    """Keeps events for those who come later."""

    store: HistoryStore

    def record(self, envelope: Envelope) -> None:
        """Write the event; again is no harm. A message's text stands in the message alone, so it is kept without it.

        The removal of a session has nowhere to stand. It is the last of the session's events, and those before it may
        have been written after the session and its history were removed: with it they go for good.
        """
        if envelope.type == DELETED:
            self.store.forget(envelope.uid)
        else:
            self.store.append(replace(envelope, message=None))
