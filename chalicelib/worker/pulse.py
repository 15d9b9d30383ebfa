"""Whether the client still lives. Until a device is linked, a dead one says nothing: only its socket tells."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NO_CODE_FOR: Final = 30_000
"""Milliseconds that a client may take to get its first code, or to log in while it has no socket."""
DEAD_FOR: Final = 1_500
"""Milliseconds without a socket before a client that shows a code counts as dead.

Not at once: after a scan it reconnects before it says so.
"""


class Phase(StrEnum):
    """How far the client has come."""

    CONNECTING = "connecting"
    SCANNING = "scanning"
    PAIRING = "pairing"
    ONLINE = "online"
    DEAD = "dead"


@dataclass(slots=True)
class Pulse:
    """The client's phase, and when (monotonic milliseconds) its socket was last seen open."""

    seen_at: int
    phase: Phase = Phase.CONNECTING

    @property
    def mute(self) -> bool:
        """Whether a dead client would say nothing now, so that it must be looked at."""
        return self.phase in {Phase.CONNECTING, Phase.SCANNING}

    def move(self, phase: Phase, now: int) -> None:
        """Say how far the client has come; it lives."""
        self.phase, self.seen_at = phase, now

    def lost(self, *, connected: bool, now: int) -> bool:
        """Whether a client whose socket is open, or not, counts as dead at ``now``."""
        if connected or not self.mute:
            self.seen_at = now
            return False
        return now - self.seen_at >= (DEAD_FOR if self.phase is Phase.SCANNING else NO_CODE_FOR)
