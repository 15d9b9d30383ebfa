"""What the services need from outside, as Protocols; the adapters and the tests' fakes implement them whole."""

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
from chalicelib.services.ports.messages import IdempotencyStore, MessageStore, Paces, UnsentIndex
from chalicelib.services.ports.surroundings import Clock, Misconfigured, NewId, NewSecret, Rejected, Sleep, Unavailable
from chalicelib.services.ports.watching import Deliveries, Gone, HistoryStore, Poster, Pushes, Sockets, WatcherStore

__all__ = [
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
