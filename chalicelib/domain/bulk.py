"""What came of one text that was sent to many."""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import GatewayError
from chalicelib.domain.messages import Message

MOST_RECIPIENTS: Final = 100
"""Recipients that one bulk may have."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one recipient, ``to`` as it was written: the message, an error, or both where the message failed."""

    to: str
    message: Message | None = None
    error: GatewayError | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a bulk; ``remaining`` weren't tried, because of ``stopped``."""

    attempts: tuple[Attempt, ...]
    remaining: tuple[str, ...] = ()
    stopped: GatewayError | None = None

    @property
    def total(self) -> int:
        """How many recipients were asked for."""
        return len(self.attempts) + len(self.remaining)

    @property
    def successes(self) -> int:
        """How many messages were taken in."""
        return sum(attempt.error is None for attempt in self.attempts)

    @property
    def failures(self) -> int:
        """How many recipients were tried in vain."""
        return len(self.attempts) - self.successes
