"""What the services need from outside, as Protocols; the adapters and the tests' fakes implement them whole."""

from typing import Protocol

from chalicelib.services.ports.control import (
    DueIndex,
    LeaseStore,
    Mailboxes,
    NoCapacity,
    NoSpotCapacity,
    SessionStore,
    Standby,
    StandbyStore,
    Upgrade,
    UpgradeStore,
    Wakes,
    WorkerMailbox,
    Workers,
)
from chalicelib.services.ports.messages import ChatStore, IdempotencyStore, MessageStore, Paces, UnsentIndex
from chalicelib.services.ports.watching import Deliveries, Gone, HistoryStore, Poster, Pushes, Sockets, WatcherStore

__all__ = [
    "ChatStore",
    "Clock",
    "Deliveries",
    "DueIndex",
    "Gone",
    "HistoryStore",
    "IdempotencyStore",
    "LeaseStore",
    "Mailboxes",
    "MessageStore",
    "Misconfigured",
    "NewId",
    "NewSecret",
    "NoCapacity",
    "NoSpotCapacity",
    "Paces",
    "Poster",
    "Pushes",
    "Rejected",
    "SessionStore",
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
