"""Waiting for what another thread, process or machine part will do."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


async def until(condition: Callable[[], Found], seconds: float = 60.0) -> Found:
    """Return what ``condition`` returns once that is true; raises TimeoutError. It is asked every few milliseconds."""
    async with asyncio.timeout(seconds):
        while not (found := condition()):  # noqa: ASYNC110 - what is waited for knows no event of this loop
            await asyncio.sleep(0.01)
    return found


def soon(condition: Callable[[], Found], seconds: float = 60.0) -> Found:
    """Return what ``condition`` returns once that is true, for a test without an event loop; raises TimeoutError."""
    return asyncio.run(until(condition, seconds))
