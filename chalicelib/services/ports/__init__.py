"""What the services need from outside, as Protocols; the adapters and the tests' fakes implement them whole."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from chalicelib.services.ports.control import (
    DueIndex,
    LeaseStore,
    Mailboxes,
    NoCapacity,
    NoSpotCapacity,
    PoolState,
    SessionStore,
    Situation,
    SituationStore,
    Standby,
    StandbyStore,
    Upgrade,
    UpgradeStore,
    Wakes,
    WorkerMailbox,
    Workers,
)
from chalicelib.services.ports.messages import ChatStore, IdempotencyStore, MessageStore, Paces, UnsentIndex
from chalicelib.services.ports.watching import (
    Deliveries,
    DeliverySource,
    Gone,
    HistoryStore,
    Poster,
    Pushes,
    Sockets,
    WatcherStore,
)

__all__ = [
    "ChatStore",
    "Clock",
    "Deliveries",
    "DeliverySource",
    "DueIndex",
    "Figure",
    "Gone",
    "HistoryStore",
    "IdempotencyStore",
    "LeaseStore",
    "Mailboxes",
    "MessageStore",
    "Metrics",
    "Misconfigured",
    "NewId",
    "NewSecret",
    "NoCapacity",
    "NoSpotCapacity",
    "Paces",
    "PoolState",
    "Poster",
    "Pushes",
    "Rejected",
    "SessionStore",
    "Situation",
    "SituationStore",
    "Sleep",
    "Sockets",
    "Standby",
    "StandbyStore",
    "Unavailable",
    "UnsentIndex",
    "Upgrade",
    "UpgradeStore",
    "Wakes",
    "WatcherStore",
    "WorkerMailbox",
    "Workers",
]


class Unavailable(Exception):
    """AWS didn't answer, or answered that it can't just now; the same call may be made again."""


class Rejected(Exception):
    """AWS refused the call, and will refuse it again: no retry mends that. ``code`` is AWS's own, empty if unknown."""

    def __init__(self, message: str = "", code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Misconfigured(Rejected):
    """What the call needs isn't there, or isn't permitted to the caller. An operator can mend that, no retry can."""


class Clock(Protocol):
    """The wall clock."""

    def __call__(self) -> int:
        """Return milliseconds since the Unix epoch."""


class Sleep(Protocol):
    """Waiting."""

    def __call__(self, seconds: float, /) -> None:
        """Block this thread."""


class NewId(Protocol):
    """Makes ids."""

    def __call__(self) -> str:
        """Return a new ULID."""


class NewSecret(Protocol):
    """Makes secrets that webhooks are signed with."""

    def __call__(self) -> str:
        """Return a new secret, in the form that ``domain.webhook`` reads."""


class Figure(StrEnum):
    """What is counted or measured for alarms and the dashboard, by the name of its metric."""

    LAUNCHES_REFUSED = "LaunchesRefused"
    """RunTask calls, of sessions and standbys, that started nothing; also what Fargate found no room for afterwards."""
    STARTING_SECONDS = "StartingSeconds"
    """How long a session has been STARTING when the reconciler looked at it."""
    STANDBYS_READY = "StandbysReady"
    """Standbys that could have been given a session at the end of a sweep."""
    SWEEPS = "Sweeps"
    """Sweeps that came to their end."""


class Metrics(Protocol):
    """Figures for whoever operates the gateway."""

    def record(self, figures: Mapping[Figure, float], **about: str) -> None:
        """Note figures of this moment; ``about`` is what the log says beside them, and no secret."""
