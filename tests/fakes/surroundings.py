"""A clock that stands, and ids in order."""

import time
from dataclasses import dataclass, field
from itertools import count

from tests.makers import NOW


@dataclass
class FakeClock:
    """A clock that stands until it is moved; sleeping moves it."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(1, round(seconds * 1000))


class MachineClock(FakeClock):
    """The machine's time, for what runs in threads and processes."""

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class FakeIds:
    """ids in order: 01FAKE…0001, …"""

    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __call__(self) -> str:
        return f"01FAKE{next(self.numbers):020d}"
