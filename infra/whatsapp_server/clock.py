"""The time, as accounts and stanzas carry it."""

import time


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def now_s() -> str:
    """Seconds since the epoch, as text."""
    return str(int(time.time()))
