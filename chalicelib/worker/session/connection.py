"""Whether the client still lives, and when to come back after it ended or was replaced.

``Pulse`` tells whether a client lives that would say nothing if it didn't: until a device is linked, only its socket
tells. ``Restarts`` counts clients that ended in the middle of a connection: the next one begins at once, unless that
happens again and again. ``comes_back`` decides about a connection that WhatsApp closed for another one of the same
device. A frozen process can't end itself in time: when it thaws, its client may reconnect first. So the worker that
took over from it comes back, once. Anybody else connected on purpose, and is never fought.
"""

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


TAKEOVER: Final = 600_000
"""Milliseconds after a takeover in which it may be the old worker."""
REPLACED_PAUSE: Final = 5_000
"""Milliseconds until we come back: by then it has ended itself."""


def comes_back(*, took_over_at: int | None, again: bool, now: int) -> bool:
    """Return whether to connect once more at ``now``; ``again`` says that this has happened before."""
    return took_over_at is not None and not again and now - took_over_at < TAKEOVER
