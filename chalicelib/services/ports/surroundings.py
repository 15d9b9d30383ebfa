"""Time, names and secrets, and the cloud's bad days."""

from typing import Protocol


class Unavailable(Exception):
    """AWS didn't answer, or answered that it can't just now; the same call may be made again."""


class Clock(Protocol):
    """The wall clock."""

    def __call__(self) -> int:
        """Return milliseconds since the Unix epoch."""


class Sleep(Protocol):
    """Waiting."""

    def __call__(self, seconds: float, /) -> None:
        """Block this thread."""


class NewId(Protocol):
    """Names for things."""

    def __call__(self) -> str:
        """Return a new ULID."""


class NewSecret(Protocol):
    """Secrets that webhooks are signed with."""

    def __call__(self) -> str:
        """Return a new one, by the scheme that ``domain.signature`` knows."""
