"""The services' ports in memory: whole, with the same guarantees as the adapters, which run the same suite."""

from tests.fakes.history import FakePoster, MemoryDeliveries, MemoryDeliverySource, MemoryHistory
from tests.fakes.messages import MemoryChats, MemoryIdempotency, MemoryMessages, MemoryPaces
from tests.fakes.sessions import MemoryLeases, MemorySessions
from tests.fakes.standbys import MemoryStandbys
from tests.fakes.surroundings import FakeClock, FakeIds, MachineClock
from tests.fakes.watchers import FakePushes, FakeSockets, MemorySubscriptions, MemoryWatchers
from tests.fakes.workers import FakeMailboxes, FakeMetrics, FakeWakes, FakeWorkers

__all__ = [
    "FakeClock",
    "FakeIds",
    "FakeMailboxes",
    "FakeMetrics",
    "FakePoster",
    "FakePushes",
    "FakeSockets",
    "FakeWakes",
    "FakeWorkers",
    "MachineClock",
    "MemoryChats",
    "MemoryDeliveries",
    "MemoryDeliverySource",
    "MemoryHistory",
    "MemoryIdempotency",
    "MemoryLeases",
    "MemoryMessages",
    "MemoryPaces",
    "MemorySessions",
    "MemoryStandbys",
    "MemorySubscriptions",
    "MemoryWatchers",
]
