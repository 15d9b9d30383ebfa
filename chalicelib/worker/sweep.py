"""Removing what is stored for sessions that are gone; any worker does it, a little at a time."""

import random
from contextlib import suppress
from typing import Final

from chalicelib.services.ports import SessionStore, Unavailable
from chalicelib.worker.device import Devices

OLD: Final = 3600.0
"""Seconds since its last change after which a directory may be an orphan."""
AT_ONCE: Final = 20
"""Directories that one sweep asks about, chosen by chance: its cost doesn't grow with the number of sessions."""


def sweep(devices: Devices, sessions: SessionStore, *, now: int) -> int:
    """Erase old directories whose session is gone, and return how many. A uid that is gone never comes back."""
    old = [uid for uid, changed_at in devices.uids() if changed_at < now / 1000 - OLD]
    erased = 0
    with suppress(Unavailable):
        for uid in random.sample(old, min(AT_ONCE, len(old))):
            if sessions.get(uid) is None:
                devices.erase(uid)
                erased += 1
    return erased
