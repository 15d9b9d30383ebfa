"""What the services need from outside, as Protocols; the adapters and the tests' fakes implement them whole."""

from chalicelib.services.ports.history import Deliveries, HistoryStore, Poster
from chalicelib.services.ports.messages import IdempotencyStore, MessageStore, Paces, UnsentIndex
from chalicelib.services.ports.sessions import DueIndex, LeaseStore, SessionStore
from chalicelib.services.ports.standbys import Standby, StandbyStore, Upgrade, UpgradeStore
from chalicelib.services.ports.surroundings import Clock, Misconfigured, NewId, NewSecret, Rejected, Sleep, Unavailable
from chalicelib.services.ports.watchers import Gone, Pushes, Sockets, WatcherStore
from chalicelib.services.ports.workers import Mailboxes, NoCapacity, NoSpotCapacity, Order, Wakes, Workers

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
    "Order",
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
    "Workers",
]
