"""What the tests of a process share, and how they keep out of each other's way there."""

from itertools import count
from typing import Final

NUMBERS: Final = count(1)
GENEROUS: Final = dict.fromkeys(("SEND_BURST", "ASK_BURST", "ARRIVALS_PER_MINUTE"), "10000")
"""A stack's settings: tests that share a session, and all come from one address, don't use up each other's share."""


def a_number() -> str:
    """Return a phone number that nobody of this test process has been given."""
    return f"62812345{next(NUMBERS):05d}"
