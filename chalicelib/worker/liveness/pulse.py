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
    """The client's phase, and since when (monotonic milliseconds) looks at it have found no socket.

    Counted from a look and not from the last time it was open: between two looks a worker may have waited for AWS.
    """

    phase: Phase = Phase.CONNECTING
    closed_since: int | None = None

    @property
    def mute(self) -> bool:
        """Whether a dead client would say nothing now, so that it must be looked at."""
        return self.phase in {Phase.CONNECTING, Phase.SCANNING}

    def move(self, phase: Phase) -> None:
        """Say how far the client has come; it lives."""
        self.phase, self.closed_since = phase, None

    def lost(self, *, connected: bool | None, now: int) -> bool:
        """Whether a client counts as dead at ``now`` whose socket is open, or not, or (None) being opened."""
        reopens = connected is None and self.phase is Phase.SCANNING
        if connected or reopens or not self.mute:
            self.closed_since = None
            return False
        if self.closed_since is None:
            self.closed_since = now
        return now - self.closed_since >= (DEAD_FOR if self.phase is Phase.SCANNING else NO_CODE_FOR)
