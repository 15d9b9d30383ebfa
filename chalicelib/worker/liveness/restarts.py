"""Restarts of a client that ended in the middle of a connection: at once, unless it happens again and again."""

from dataclasses import dataclass
from typing import Final

CALM: Final = 60_000
"""Milliseconds since the last restart after which the next one is the first again."""


@dataclass(frozen=True, slots=True)
class Restarts:
    """``count`` is how many in a row came within ``CALM`` of the one before, ``at`` when the last one was."""

    count: int = 0
    at: int | None = None

    def one_more(self, now: int) -> "Restarts":
        """Return them with another one at ``now`` (monotonic milliseconds); its count is 0 if nobody need wait."""
        soon = self.at is not None and now - self.at < CALM
        return Restarts(self.count + 1 if soon else 0, now)
