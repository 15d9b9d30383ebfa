"""The clock that a worker measures its own time with: nobody sets it, and all processes of a host share it."""

import time


def monotonic() -> int:
    """Return its milliseconds; they go on across an exec."""
    return time.monotonic_ns() // 1_000_000
