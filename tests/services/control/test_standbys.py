"""The pool as it grows and shrinks with demand, and several who fill it at once."""

from dataclasses import dataclass, field

import pytest

from chalicelib.domain.lease import Order
from chalicelib.domain.pool import WINDOW
from chalicelib.domain.session import Desired, Status
from chalicelib.services.control.standbys import MISSED_AFTER, Standbys
from chalicelib.services.ports import Figure, PoolState, Standby
from tests.composition import Rig, Stores
from tests.fakes import FakeMetrics, FakeWorkers, MemoryStandbys
from tests.fakes.workers import FILL
from tests.makers import a_running_session, a_session


@pytest.fixture
def rig() -> Rig:
    return Rig(standby_min=1, standby_max=4)


class RoomForTwo(FakeWorkers):
    """ECS, as it has room for two tasks."""

    def start(self, order: Order) -> None:
        self.full = len(self.started) == 2
        super().start(order)


def start(rig: Rig, *names: str) -> None:
    """Have a session of each name claimed, and what comes of that."""
    for name in names:
        rig.stores.sessions.rows[name] = a_session(id=name, uid=name, desired=Desired.RUNNING, generation=1)
        for _ in range(2):
            rig.reconciler.follow(rig.stores.sessions.rows[name])


def waiting(rig: Rig) -> int:
    return sum(one.uid is None for one in rig.stores.standbys.all())


def minute(rig: Rig) -> int:
    """Let a minute pass in which standbys come up, and sweep; return how many wait then."""
    rig.clock.now += 60_000
    for standby in rig.stores.standbys.all():
        rig.stores.standbys.renew(standby.worker, until=rig.clock() + 90_000)
    rig.sweeper.sweep()
    return waiting(rig)


def test_it_grows_with_what_starts_and_shrinks_when_no_more_does(rig: Rig) -> None:
    assert minute(rig) == 1
    start(rig, "a", "b", "c")
    assert FILL in rig.wakes.jobs
    rig.standbys.fill()
    assert waiting(rig) == 3
    assert [minute(rig) for _ in range(WINDOW - 1)] == [3] * (WINDOW - 1)
    assert minute(rig) == 1


def test_it_never_grows_beyond_its_bound(rig: Rig) -> None:
    start(rig, *"abcdefgh")
    rig.standbys.fill()
    assert waiting(rig) == 4


def test_a_start_that_finds_no_standby_has_the_pool_filled_as_well(rig: Rig) -> None:
    start(rig, "a")
    assert rig.stores.sessions.rows["a"].standby is False
    assert FILL in rig.wakes.jobs


def test_a_standby_that_serves_is_set_apart_once_its_last_sign_of_waiting_has_run_out(rig: Rig) -> None:
    rig.stores.standbys.put(Standby("s", "https://queue/s", rig.clock() + 30_000, ready=True, task=rig.worker_task))
    rig.mailboxes.create("s")
    start(rig, "a")
    rig.clock.now += 29_999
    rig.sweeper.sweep()
    assert "s" in rig.stores.standbys.pool, "it may still find that the session isn't its own, and wait again"
    rig.clock.now += 1
    rig.sweeper.sweep()
    assert "s" not in rig.stores.standbys.pool
    assert rig.stores.standbys.given("s") == ("a", 1)
    rig.clock.now += MISSED_AFTER
    rig.sweeper.sweep()
    assert "https://queue/s" in rig.mailboxes.there, "it listens there"


def test_a_worker_that_takes_over_from_a_lost_one_is_no_demand(rig: Rig) -> None:
    session = a_running_session(status=Status.CONNECTED)
    rig.stores.sessions.rows[session.uid] = session
    rig.stores.leases.release(session.uid, worker=session.worker or "", epoch=session.epoch)
    rig.reconciler.reconcile(session.uid)
    assert rig.stores.sessions.rows[session.uid].status is Status.STARTING
    assert rig.stores.standbys.starts == {}


def test_a_pool_of_a_fixed_size_counts_nothing(rig: Rig) -> None:
    rig.standby_max = 1
    start(rig, "a", "b")
    assert rig.stores.standbys.starts == {}
    assert FILL not in rig.wakes.jobs


def test_where_one_is_refused_no_more_are_asked_for_and_those_that_came_stay(rig: Rig) -> None:
    metrics = FakeMetrics()
    rig.workers, rig.metrics, rig.standby_min = RoomForTwo(), metrics, 5
    rig.standbys.fill()
    assert (waiting(rig), len(rig.mailboxes.there)) == (2, 2)
    assert metrics.of(Figure.LAUNCHES_REFUSED) == [1]


@dataclass
class Interrupted(MemoryStandbys):
    """A pool in which others fill it too: before the calls that are named, the first of ``others`` does so."""

    before: str = ""
    others: list[Standbys] = field(default_factory=list)

    def state(self) -> PoolState:
        self._let("state")
        return super().state()

    def all(self) -> list[Standby]:
        self._let("all")
        return super().all()

    def put(self, standby: Standby) -> None:
        self._let("put")
        super().put(standby)

    def settle(self, version: int) -> bool:
        self._let("settle")
        return super().settle(version)

    def _let(self, call: str) -> None:
        if call == self.before and self.others:
            self.others.pop().fill()


@pytest.mark.parametrize("before", ["state", "all", "put", "settle"])
@pytest.mark.parametrize("others", [1, 2, 3])
def test_however_many_fill_it_at_once_it_is_never_more_than_full(before: str, others: int) -> None:
    pool = Interrupted(before=before)
    rig = Rig(stores=Stores(standbys=pool), standby_min=3)
    pool.others = [rig.standbys for _ in range(others)]
    rig.standbys.fill()
    assert len(rig.workers.started) == waiting(rig) == 3
    assert len(rig.mailboxes.there) == 3
