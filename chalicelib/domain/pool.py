"""How many standbys are to wait: as many as sessions have started in the busiest of the last minutes, within bounds.

Fargate needs most of a minute to replace a standby that was given a session. So a pool of as many as start within a
minute is enough for the next rush of the same size. Ten minutes after a rush the pool is as small as before.
"""

from collections.abc import Mapping
from typing import Final

MINUTE: Final = 60_000
WINDOW: Final = 10
"""Minutes that a rush is remembered, the current one among them."""


def minute_of(now: int) -> int:
    """Return the number of the minute, counted from the Unix epoch; ``now`` is in milliseconds."""
    return now // MINUTE


def wanted(starts: Mapping[int, int], now: int, *, least: int, most: int) -> int:
    """Return how many standbys are to wait at ``now`` (milliseconds since the Unix epoch).

    ``starts`` says by minute how many sessions started. It is never fewer than ``least``, and never more than the
    larger of ``least`` and ``most``.
    """
    this = minute_of(now)
    busiest = max((count for minute, count in starts.items() if this - WINDOW < minute <= this), default=0)
    return max(least, min(busiest, most))
