"""Where a tenant's running sessions are listed."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.domain.quota import Slot


class Slots(Protocol):
    """Slots, by tenant; times in milliseconds since the Unix epoch."""

    def hold(self, tenant: str, uid: str, *, now: int) -> None:
        """Put the session on the tenant's list, or say anew that it is on it."""

    def held(self, tenant: str, *, most: int) -> Sequence[Slot]:
        """Return up to ``most`` of the tenant's slots, read consistently."""

    def free(self, tenant: str, uid: str, *, at: int) -> None:
        """Take the session off the list unless it was put there later than ``at``; one that isn't there is no error."""
