"""Wire shapes, one module per family of callers. Pure: no I/O, no clock, no knowledge of services or doors."""

from typing import Final, Protocol

from chalicelib.dialects.enveloped import frames as enveloped_frames
from chalicelib.domain.events import Envelope
from chalicelib.domain.session import Session


class Dialect(Protocol):
    """How watchers of one family are spoken to; every text is one WebSocket frame, ``now`` in milliseconds."""

    def frames(self, envelope: Envelope, session: Session | None, now: int) -> list[str]:
        """Return an event's frames; none if the dialect has no word for it.

        A code is never in an event: it is taken from ``session``, as it stands, if it can still be scanned. To those
        who may not link the session it has none.
        """

    def snapshot(self, session: Session | None, now: int) -> list[str]:
        """Return what a watcher that comes late must know; ``session`` is None once it is deleted."""

    def reply(self, text: str) -> list[str]:
        """Return the answer to a watcher's own frame."""


DIALECTS: Final[dict[str, Dialect]] = {
    "enveloped": enveloped_frames,
}
"""The dialects that have frames, by the name that the edge table gives a watcher's path."""
