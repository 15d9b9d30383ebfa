"""References offered to a client, and which of them it shows at a given time.

The client rotates by itself through each list it is given: the first code of a list of exactly six stays 60 seconds,
every other code 20. A further list doesn't end the first: the client goes on with both and shows what came last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

FULL_LIST = 6
FIRST_S = 60.0
OTHER_S = 20.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A reference and when the client begins to show it; monotonic seconds."""

    reference: str
    start: float


@dataclass(slots=True)
class Offer:
    """All lists given to one client, and when each ends. A code that a phone used is shown on, but serves nobody."""

    shown: list[Shown] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def add(self, references: Sequence[str], now: float) -> None:
        """Note a list sent at `now`."""
        start = now
        for left, reference in zip(range(len(references), 0, -1), references, strict=True):
            self.shown.append(Shown(reference, start))
            start += FIRST_S if left == FULL_LIST else OTHER_S
        self.ends.append(start)

    def current(self, now: float) -> str | None:
        """The reference on show at `now`; None if it was used, or once a list ran out: then the client gives up."""
        if now >= min(self.ends, default=now):
            return None
        latest = max((one for one in self.shown if one.start <= now), key=lambda one: one.start, default=None)
        return None if latest is None or latest.reference in self.used else latest.reference
