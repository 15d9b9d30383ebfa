"""The stream, materialised: each event under its cursor, before anybody is told of it."""

from dataclasses import dataclass, replace

from chalicelib.domain.events import DELETED, Envelope
from chalicelib.services.ports import HistoryStore


@dataclass(frozen=True, slots=True)
class History:
    """Keeps events for those who come later."""

    store: HistoryStore

    def record(self, envelope: Envelope) -> None:
        """Write the event; again is no harm. The removal of a session has nowhere to stand: its history is gone.

        A message's text stands in the message alone, so the event is kept without it.
        """
        if envelope.type != DELETED:
            self.store.append(replace(envelope, message=None))
