from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from chalicelib.domain.lease import TTL, Lease
from chalicelib.domain.session import Session, Status
from chalicelib.services.control.reconciler import LOOKS
from chalicelib.services.control.sweeper import PATIENCE, SETTLES
from chalicelib.services.ports import Standby
from tests.composition import Rig
from tests.makers import a_running_session

MINUTE = 60_000


@dataclass
class Deployment:
    """Sessions with workers, and the minute's sweep; a worker that is stopped gives its lease back."""

    rig: Rig = field(default_factory=Rig)

    def minute(self) -> list[str]:
        """Sweep, let the workers do what they were told, and return whose worker gave way."""
        rig, before = self.rig, list(self.rig.workers.stopped)
        rig.sweeper.sweep()
        stopped = [worker for worker in rig.workers.stopped if worker not in before]
        moved = [session for session in rig.stores.sessions.rows.values() if session.worker in stopped]
        for session in moved:
            rig.stores.leases.release(session.uid, worker=session.worker or "", epoch=session.epoch)
            rig.reconciler.reconcile(session.uid)
            self.serve(rig.stores.sessions.rows[session.uid])
        rig.clock.sleep(60)
        for standby in rig.stores.standbys.all():
            rig.stores.standbys.renew(standby.worker, until=rig.clock() + TTL)
        for uid, lease in rig.stores.leases.rows.items():
            rig.stores.leases.renew(Lease(uid, lease.worker, lease.epoch, rig.clock() + TTL))
        return [session.id for session in moved]

    def serve(self, session: Session) -> None:
        """Give the session's worker its lease, as it takes it."""
        worker, epoch = session.worker or "", session.epoch
        self.rig.stores.standbys.set_apart([Standby(worker, "q", 0, ready=True, uid=session.uid, epoch=epoch)])
        self.rig.stores.leases.rows[session.uid] = Lease(session.uid, worker, epoch, self.rig.clock() + TTL)

    def stand(self, names: Iterable[str], *, task: str, status: Status = Status.CONNECTED) -> None:
        for name in names:
            session = a_running_session(id=name, uid=name, worker=f"{name}-1", task=task, status=status)
            self.rig.stores.sessions.rows[name] = session
            self.serve(session)

    def tasks(self) -> set[str | None]:
        return {session.task for session in self.rig.stores.sessions.rows.values()}


@pytest.fixture
def deployment():
    return Deployment()


def test_every_session_moves_to_a_worker_of_the_current_version(deployment):
    deployment.stand("abcdefg", task="worker:1")
    moved = [deployment.minute() for _ in range(8)]
    assert sorted(name for minute in moved for name in minute) == list("abcdefg")
    assert deployment.tasks() == {deployment.rig.worker_task}


def test_no_more_sessions_move_a_minute_than_set(deployment):
    deployment.rig.upgrades_per_minute = 2
    deployment.stand("abcdefg", task="worker:1")
    assert max(len(deployment.minute()) for _ in range(8)) == 2


def test_a_session_moves_only_when_a_standby_is_ready_to_take_it(deployment):
    deployment.stand("abc", task="worker:1")
    assert deployment.minute() == []
    assert len(deployment.rig.stores.standbys.all()) == deployment.rig.upgrades_per_minute
    assert len(deployment.minute()) == 3
    assert {session.standby for session in deployment.rig.stores.sessions.rows.values()} == {True}


def test_without_room_for_standbys_sessions_move_one_by_one_after_a_while(deployment):
    deployment.stand("abc", task="worker:1")
    deployment.rig.workers.full = True
    moved = [deployment.minute() for _ in range(1 + PATIENCE // MINUTE)]
    assert moved == [[], [], ["a"]]


def test_the_extra_standbys_are_let_go_when_all_have_moved(deployment):
    deployment.rig.standby_min = 1
    deployment.stand("abc", task="worker:1")
    for _ in range(5):
        deployment.minute()
    assert len(deployment.rig.stores.standbys.all()) == 1


def test_who_scans_a_code_or_pairs_is_not_interrupted(deployment):
    deployment.stand("a", task="worker:1", status=Status.SCAN_QR)
    deployment.stand("b", task="worker:1", status=Status.PAIRING)
    assert [deployment.minute() for _ in range(8)] == [[]] * 8
    assert not deployment.rig.stores.upgrades.stands.done


def test_sessions_of_the_current_version_are_left_alone_and_the_upgrade_ends(deployment):
    deployment.stand("abc", task=deployment.rig.worker_task)
    for _ in range(1 + SETTLES // MINUTE):
        assert not deployment.rig.stores.upgrades.stands or not deployment.rig.stores.upgrades.stands.done
        assert deployment.minute() == []
    assert deployment.rig.stores.upgrades.stands.done


def test_a_version_that_is_rolled_back_is_left_like_an_older_one(deployment):
    deployment.stand("abc", task="worker:2")
    deployment.rig.worker_task = "worker:1"
    for _ in range(3):
        deployment.minute()
    assert deployment.tasks() == {"worker:1"}


def test_a_new_version_begins_a_new_upgrade(deployment):
    deployment.stand("abc", task=deployment.rig.worker_task)
    for _ in range(2 + SETTLES // MINUTE):
        deployment.minute()
    deployment.rig.worker_task = "worker:3"
    for _ in range(3):
        deployment.minute()
    assert deployment.tasks() == {"worker:3"}


def test_with_none_a_minute_workers_stay_as_they_are(deployment):
    deployment.rig.upgrades_per_minute = 0
    deployment.stand("abc", task="worker:1")
    assert [deployment.minute() for _ in range(5)] == [[]] * 5


def test_a_session_whose_worker_was_told_to_go_is_looked_at_soon(deployment):
    deployment.stand("a", task="worker:1")
    deployment.rig.reconciler.hand_over("a")
    assert deployment.rig.wakes.jobs == [("reconcile", "a", delay) for delay in LOOKS]
