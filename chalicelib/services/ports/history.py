"""What happened, and whom it is told by webhook."""

from collections.abc import Mapping
from typing import Protocol

from chalicelib.domain.events import Envelope
from chalicelib.domain.webhook import Delivery, Outcome


class HistoryStore(Protocol):
    """The stream, materialised."""

    def append(self, envelope: Envelope) -> None:
        """Write the event under its cursor; the same event again changes nothing."""

    def get(self, uid: str, cursor: str) -> Envelope | None:
        """Return the event under that cursor, read consistently."""

    def forget(self, uid: str) -> None:
        """Remove the history of a session that is gone, and all else that is still stored for it."""

    def since(self, uid: str, cursor: str | None, *, limit: int) -> list[Envelope]:
        """Return the session's events after ``cursor``, oldest first, read consistently."""


class Deliveries(Protocol):
    """The webhook queue."""

    def put(self, delivery: Delivery, *, delay: float) -> None:
        """Have the delivery attempted in ``delay`` seconds, sooner where the queue can't wait that long."""

    def bury(self, delivery: Delivery) -> None:
        """Lay a delivery that failed for good with the dead letters."""


class Poster(Protocol):
    """HTTP to the endpoints of webhooks."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Post a JSON body; whatever comes of it is an outcome, never an error."""
