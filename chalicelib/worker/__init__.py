"""One session's linked device, kept connected. Knows the client library and this machine; never AWS, HTTP or Lambda."""

import time


def monotonic() -> int:
    """Return milliseconds by the monotonic clock: nobody sets it, a host's processes share it, an exec leaves it."""
    return time.monotonic_ns() // 1_000_000
