"""Points in time, as the dialects write them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, overload


@dataclass(frozen=True, slots=True)
class Format:
    """What a text looks like, in JSON Schema's words."""

    name: str


Moment = Annotated[str, Format("date-time")]
"""A point in time as ``iso`` writes it."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@overload
def iso(at: int) -> str: ...
@overload
def iso(at: None) -> None: ...
@overload
def iso(at: int | None) -> str | None: ...
def iso(at: int | None) -> str | None:
    """Return milliseconds since the Unix epoch as ``2025-01-08T12:00:00.000Z``; None stays None."""
    if at is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def seconds_until(at: int, now: int) -> int:
    """Return whole seconds from ``now`` to ``at``, never below 0."""
    return max(0, (at - now) // 1000)


def microseconds(at: int) -> str:
    """Return milliseconds since the Unix epoch as PHP's Carbon writes a time: ``2025-11-07T20:13:29.000000Z``."""
    return f"{iso(at)[:-1]}000Z"
