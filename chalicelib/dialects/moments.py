"""Points in time, as the dialects write them."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def iso(at: int | None) -> str | None:
    """Return milliseconds since the Unix epoch as ``2025-01-08T12:00:00.000Z``; None stays None."""
    if at is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def seconds_until(at: int, now: int) -> int:
    """Return whole seconds from ``now`` to ``at``, never below 0."""
    return max(0, (at - now) // 1000)
