"""The minute's look around, where not all is well."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from chalicelib.domain.session import Desired, Session
from chalicelib.services.ports import Figure, Unavailable
from tests.composition import Rig, Stores
from tests.fakes import FakeMetrics, MemorySessions
from tests.fakes.upgrades import LeasesByTime
from tests.makers import a_session


@dataclass
class Due(LeasesByTime):
    """An index that says what it is told to."""

    uids: list[str] = field(default_factory=list)

    def due(self, now: int) -> list[str]:
        return self.uids


def sweep(rig: Rig, *uids: str) -> None:
    rig.due_index = Due(rig.stores.leases, list(uids))
    rig.sweeper.sweep()


def unreadable() -> Session:
    raise ValueError("an item that nobody can read")


def unavailable() -> Session:
    raise Unavailable("the table doesn't answer")


@pytest.mark.parametrize("read", [unreadable, unavailable])
def test_a_session_that_cannot_be_reconciled_keeps_nobody_waiting(read: Callable[[], Session]) -> None:
    class Broken(MemorySessions):
        def get(self, uid: str) -> Session | None:
            return read() if uid == "broken" else super().get(uid)

    session = a_session(desired=Desired.RUNNING, generation=1)
    rig = Rig(stores=Stores(sessions=Broken(rows={session.uid: session})), standby_min=1)
    sweep(rig, "broken", session.uid)
    assert rig.stores.sessions.rows[session.uid].epoch == 1
    assert len(rig.stores.standbys.all()) == 1


def test_a_sweep_says_that_it_came_to_its_end_and_how_many_standbys_are_ready() -> None:
    metrics = FakeMetrics()
    rig = Rig(standby_min=2, metrics=metrics)
    sweep(rig)
    first, _ = rig.stores.standbys.all()
    rig.stores.standbys.renew(first.worker, until=rig.clock() + 30_000)
    sweep(rig)
    assert metrics.of(Figure.SWEEPS) == [1, 1]
    assert metrics.of(Figure.STANDBYS_READY) == [0, 1]


def test_a_sweep_that_fails_says_nothing() -> None:
    class Broken(Due):
        def later(self, now: int) -> list[str]:
            raise Unavailable("the table doesn't answer")

    metrics = FakeMetrics()
    rig = Rig(metrics=metrics)
    rig.due_index = Broken(rig.stores.leases)
    with pytest.raises(Unavailable):
        rig.sweeper.sweep()
    assert metrics.lines == []
