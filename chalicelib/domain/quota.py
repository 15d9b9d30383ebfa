"""Quotas: how much of everything a tenant may have, so that none uses up what all share.

What is kept (sessions, users, API keys, running sessions) is counted by looking: what is new is written to the tenant's
list, then the list is counted, and who finds it too long takes back what it has written. Of several at once each has
written before it counts, so the last one to count sees all that stay: the quota is never exceeded, though two who come
at the same moment for the last place may both be refused. There is no counter that could drift away from what is there,
and the count costs at most one query over the quota's number of small items.

What passes (tickets) is counted in a counter a minute, by one conditional write.
"""

from dataclasses import dataclass

from chalicelib.domain.errors import SessionQuotaExceeded


@dataclass(frozen=True, slots=True)
class Quotas:
    """What each tenant may have; 0 is no limit. ``tickets`` is a minute's, ``workers`` those at a time."""

    sessions: int = 0
    users: int = 0
    keys: int = 0
    tickets: int = 0
    workers: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """A session's place among its tenant's running ones; ``at`` is when it was last taken, in ms since the epoch."""

    uid: str
    at: int


def too_many_sessions(most: int) -> SessionQuotaExceeded:
    """Return the error for a tenant that has ``most`` sessions, which is all that it may have."""
    return SessionQuotaExceeded(
        f"This tenant has {most} sessions, as many as it may have.", hint="Delete one that isn't used."
    )
