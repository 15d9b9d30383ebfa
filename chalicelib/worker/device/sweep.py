"""Removing what is stored for sessions that are gone; any worker does it, a little at a time."""

import random
from contextlib import suppress
from typing import Final

from chalicelib.services.ports import Rejected, SessionStore, Unavailable
from chalicelib.worker.device.device import Devices

OLD: Final = 3600.0
"""Seconds since its last change after which a directory may be an orphan."""
AT_ONCE: Final = 20
"""Directories that one sweep looks at, chosen by chance: with ten thousand, looking at each would be felt on EFS."""


def sweep(devices: Devices, sessions: SessionStore, *, now: int) -> int:
    """Erase old directories whose session is gone, and return how many. A uid that is gone never comes back."""
    stored = devices.uids()
    erased = 0
    with suppress(Unavailable, Rejected):
        for uid in random.sample(stored, min(AT_ONCE, len(stored))):
            changed_at = devices.changed_at(uid)
            if changed_at is not None and changed_at < now / 1000 - OLD and sessions.get(uid) is None:
                devices.erase(uid)
                erased += 1
    return erased
