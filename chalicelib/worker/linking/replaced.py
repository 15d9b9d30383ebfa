"""Whether to come back after WhatsApp closed our connection for another one of the same device.

A frozen process can't be fenced by time: when it thaws, its client may reconnect before its fence ends it. So the
worker that took over from it comes back, once. Anybody else connected on purpose, and is never fought.
"""

from typing import Final

TAKEOVER: Final = 600_000
"""Milliseconds after a takeover in which it may be the old worker."""
PAUSE: Final = 5_000
"""Milliseconds until we come back: by then its fence has ended it."""


def comes_back(*, took_over_at: int | None, again: bool, now: int) -> bool:
    """Return whether to connect once more at ``now``; ``again`` says that this has happened before."""
    return took_over_at is not None and not again and now - took_over_at < TAKEOVER
