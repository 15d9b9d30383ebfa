"""A session's pace: a bucket of tokens, one a message, that refills over time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """``burst`` messages at once after a pause, ``per_minute`` in the long run."""

    burst: int
    per_minute: int

    def refilled(self, tokens: float, *, since: int, now: int) -> float:
        """Return how many tokens there are at ``now`` where there were ``tokens`` at ``since`` (milliseconds)."""
        return min(float(self.burst), tokens + max(0, now - since) * self.per_minute / 60_000)

    def wait(self, tokens: float) -> float:
        """Return the seconds until there is a whole token; 0 if there is one."""
        return 0.0 if tokens >= 1 else (1 - tokens) * 60 / self.per_minute
