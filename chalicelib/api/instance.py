"""The function that answers: which version it is of, and since when it has been there."""

from typing import Final

from chalicelib import __version__, bootstrap

VERSION: Final = __version__
_STARTED: Final = bootstrap.clock()


def uptime(now: int) -> int:
    """Return how many whole seconds it has been there. Functions come and go: this is one's age, not the gateway's."""
    return max(0, now - _STARTED) // 1000
