"""Waiting for what another thread does."""

import time
from collections.abc import Callable

PATIENCE_S = 60


def until(look: Callable[[], object]) -> None:
    """Wait until ``look`` returns something true."""
    ends = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < ends
        time.sleep(0.005)
