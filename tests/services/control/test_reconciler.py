from dataclasses import replace

import pytest

from chalicelib.domain.events import Erased, LoggedOut, QRShown
from chalicelib.domain.lease import ANSWERS_WITHIN, GRACE, TTL, Lease
from chalicelib.domain.reconcile import LAUNCH_TIMEOUT, MAX_ATTEMPTS, STANDBY_TIMEOUT
from chalicelib.domain.session import Desired, Reason, Session, Status
from chalicelib.services.control.standbys import MISSED_AFTER
from chalicelib.services.ports import Figure, NoCapacity, Standby, Unavailable
from tests.composition import Rig
from tests.fakes import MemoryLeases, MemorySessions
from tests.fakes.workers import FILL
from tests.makers import DEVICE, NOW, a_code, a_running_session, a_session


@pytest.fixture
def rig():
    return Rig()


def standing(rig: Rig, session: Session) -> Session:
    rig.stores.sessions.rows[session.uid] = session
    return session


def now(rig: Rig) -> Session:
    return next(iter(rig.stores.sessions.rows.values()))


def here(rig: Rig, session: Session) -> None:
    lease = Lease(session.uid, session.worker or "", session.epoch, rig.clock() + TTL)
    rig.stores.leases.rows[session.uid] = lease


def ready_standby(rig: Rig) -> Standby:
    standby = Standby("standby-1", "https://queue/standby-1", NOW + 30_000, ready=True, task=rig.worker_task)
    rig.stores.standbys.put(standby)
    return standby


def test_a_wanted_session_is_claimed_then_its_task_started_with_what_it_needs(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    rig.reconciler.reconcile(session.uid)
    claimed = now(rig)
    assert (claimed.status, claimed.epoch, claimed.worker) == (Status.STARTING, 1, f"{session.uid}-1")
    (order,) = rig.workers.started
    assert (order.uid, order.epoch, order.worker, order.mailbox) == (session.uid, 1, claimed.worker, claimed.mailbox)
    assert order.mailbox in rig.mailboxes.there


def test_what_a_worker_reports_is_followed_without_a_look(rig):
    session = standing(rig, a_running_session(status=Status.STARTING))
    shown = rig.reports.report(QRShown(a_code()), uid=session.uid, worker=session.worker or "", epoch=1)

    class Unread(MemorySessions):
        def get(self, uid: str) -> Session | None:
            raise AssertionError

    rig.stores.sessions = Unread(rows=rig.stores.sessions.rows)
    rig.reconciler.follow(shown)
    assert rig.wakes.jobs == []


def test_a_claim_is_followed_by_a_look_in_time_and_a_start_by_a_claim(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    rig.reconciler.follow(session)
    assert now(rig).epoch == 1
    rig.reconciler.follow(now(rig))
    assert rig.wakes.jobs == [("reconcile", session.uid, LAUNCH_TIMEOUT / 1000)]
    assert (now(rig).epoch, len(rig.workers.started)) == (1, 1)


def test_a_start_that_is_told_of_late_is_left_to_the_record_of_what_came_after_it(rig):
    wanted = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    rig.reconciler.follow(wanted)
    claimed = now(rig)
    rig.stores.leases.release(wanted.uid, worker=claimed.worker or "", epoch=1)
    rig.reconciler.follow(wanted)
    assert (now(rig), rig.wakes.jobs) == (claimed, [])
    rig.reconciler.reconcile(wanted.uid)
    assert now(rig).epoch == 2, "who comes for another reason looks at it as it stands"


def test_reconciling_twice_starts_one_worker(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    for _ in range(3):
        rig.reconciler.reconcile(session.uid)
    assert len(rig.workers.started) == 1
    assert now(rig).epoch == 1


def test_a_claim_that_lost_its_race_starts_nothing_and_gives_its_standby_back(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    standby = ready_standby(rig)

    class Moved(MemorySessions):
        def move(self, session: Session, *, before: Session | None = None) -> bool:
            return False

    rig.stores.sessions = Moved(rows=rig.stores.sessions.rows)
    rig.reconciler.reconcile(session.uid)
    assert rig.workers.started == []
    assert rig.mailboxes.rung == []
    assert rig.stores.standbys.get(standby.worker) == standby


def test_a_standby_is_taken_first_and_the_pool_filled_again(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    standby = ready_standby(rig)
    rig.reconciler.reconcile(session.uid)
    assert (now(rig).worker, now(rig).standby) == (standby.worker, True)
    assert rig.mailboxes.rung == [standby.mailbox]
    assert rig.wakes.jobs == [], "its own start goes first"
    rig.reconciler.follow(now(rig))
    assert rig.wakes.jobs == [FILL, ("reconcile", session.uid, STANDBY_TIMEOUT / 1000)]
    assert rig.workers.started == []


def test_a_standby_that_is_taken_to_remove_a_session_is_replaced_as_well(rig):
    session = standing(rig, a_running_session(status=Status.DELETING, desired=Desired.DELETED, requested_at=NOW + 1))
    ready_standby(rig)
    rig.reconciler.follow(session)
    rig.reconciler.follow(now(rig))
    assert rig.wakes.jobs.count(FILL) == 1


def test_a_standby_that_does_not_come_is_overtaken_by_a_new_claim(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    ready_standby(rig)
    rig.reconciler.reconcile(session.uid)
    rig.reconciler.reconcile(session.uid)
    assert rig.wakes.jobs[-1] == ("reconcile", session.uid, STANDBY_TIMEOUT / 1000)
    rig.clock.now += STANDBY_TIMEOUT
    rig.reconciler.reconcile(session.uid)
    assert (now(rig).epoch, now(rig).worker) == (2, f"{session.uid}-2")


def test_a_task_that_does_not_come_is_asked_for_again_under_the_same_order(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    rig.reconciler.reconcile(session.uid)
    rig.clock.now += LAUNCH_TIMEOUT
    rig.reconciler.reconcile(session.uid)
    assert now(rig).launches == 2
    assert len(rig.workers.started) == 1, "the token makes the second call the first one's"


def test_a_worker_s_end_frees_its_lease_and_brings_the_next_at_once(rig):
    session = standing(rig, a_running_session(device=DEVICE))
    here(rig, session)
    rig.reconciler.worker_ended(session.worker or "", uid=session.uid, epoch=1, mailbox=session.mailbox)
    assert (now(rig).status, now(rig).epoch, now(rig).reason) == (Status.STARTING, 2, Reason.WORKER_LOST)
    assert now(rig).device == DEVICE
    assert session.mailbox not in rig.mailboxes.there


@pytest.mark.parametrize("known", [True, False])
def test_whether_a_worker_was_seen_to_end_stands_on_its_lease(rig, known):
    session = standing(rig, a_running_session(device=DEVICE))
    here(rig, session)
    rig.reconciler.worker_ended(session.worker or "", uid=session.uid, epoch=1, mailbox=None, known=known)
    lease = rig.stores.leases.get(session.uid)
    assert (lease.epoch, lease.released, lease.ended) == (1, True, known)


def test_a_former_standby_s_end_is_known_for_the_session_it_served(rig):
    session = standing(rig, a_running_session(worker="standby-1"))
    here(rig, session)
    rig.stores.standbys.set_apart([Standby("standby-1", "q", NOW, ready=True, uid=session.uid, epoch=1)])
    rig.reconciler.worker_ended("standby-1", uid=None, epoch=None, mailbox=None)
    assert now(rig).epoch == 2


def test_a_former_standby_s_end_that_is_told_again_after_a_failure_is_still_known(rig):
    session = standing(rig, a_running_session(worker="standby-1"))
    here(rig, session)
    rig.stores.standbys.set_apart([Standby("standby-1", "q", NOW, ready=True, uid=session.uid, epoch=1)])

    class Failing(MemoryLeases):
        def release(self, uid: str, *, worker: str, epoch: int, ended: bool = False) -> bool:
            raise Unavailable("the table doesn't answer")

    leases, rig.stores.leases = rig.stores.leases, Failing(rig.stores.leases.rows)
    with pytest.raises(Unavailable):
        rig.reconciler.worker_ended("standby-1", uid=None, epoch=None, mailbox=None)
    rig.stores.leases = leases
    rig.reconciler.worker_ended("standby-1", uid=None, epoch=None, mailbox=None)
    assert now(rig).epoch == 2


def test_the_mailbox_of_a_worker_that_never_came_goes_with_the_next_claim_and_with_the_session(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    for _ in range(8):
        rig.reconciler.reconcile(session.uid)
        rig.clock.now += LAUNCH_TIMEOUT
    assert now(rig).epoch > 1
    assert rig.mailboxes.there == {now(rig).mailbox}
    standing(rig, replace(now(rig), status=Status.DELETING, desired=Desired.DELETED, erased=True))
    rig.reconciler.reconcile(session.uid)
    assert (rig.stores.sessions.rows, rig.mailboxes.there) == ({}, set())


@pytest.mark.parametrize("there", [True, False])
def test_a_lease_that_nobody_will_take_over_is_due_no_more(rig, there):
    session = a_running_session(status=Status.STOPPED, desired=Desired.STOPPED, observed_generation=1)
    here(rig, session)
    if there:
        standing(rig, session)
    rig.reconciler.reconcile(session.uid)
    assert not rig.stores.leases.rows[session.uid].released, "its worker is on its way out"
    rig.clock.now += TTL + GRACE
    rig.reconciler.reconcile(session.uid)
    assert rig.stores.leases.rows[session.uid].released


def test_an_older_worker_s_end_does_not_touch_its_successor(rig):
    session = standing(rig, a_running_session(epoch=2, worker="w-2"))
    here(rig, session)
    rig.reconciler.worker_ended("w-1", uid=session.uid, epoch=1, mailbox=None)
    assert now(rig) == session
    assert not rig.stores.leases.rows[session.uid].released


def a_silent_worker_s(rig: Rig) -> Session:
    session = standing(rig, a_running_session())
    here(rig, session)
    rig.clock.now += TTL + GRACE
    return session


def test_a_silent_worker_is_called_and_once_its_time_is_up_replaced_and_its_task_ended(rig):
    session = a_silent_worker_s(rig)
    rig.reconciler.reconcile(session.uid)
    assert (now(rig), rig.workers.started, rig.workers.stopped) == (session, [], [])
    assert rig.stores.leases.rows[session.uid].called_at == rig.clock()
    assert ("reconcile", session.uid, ANSWERS_WITHIN / 1000) in rig.wakes.jobs
    rig.clock.now += ANSWERS_WITHIN
    rig.reconciler.reconcile(session.uid)
    assert now(rig).epoch == 2
    assert rig.workers.stopped == [session.worker]


def test_a_silent_worker_is_called_once_however_often_its_session_is_looked_at(rig):
    session = a_silent_worker_s(rig)
    called_at = rig.clock()
    for _ in range(3):
        rig.reconciler.reconcile(session.uid)
        rig.clock.now += 1_000
    assert rig.stores.leases.rows[session.uid].called_at == called_at


def test_a_worker_that_answers_the_call_keeps_its_session(rig):
    session = a_silent_worker_s(rig)
    rig.reconciler.reconcile(session.uid)
    taken = Lease(session.uid, session.worker or "", session.epoch, rig.clock() + TTL)
    assert rig.stores.leases.acquire(taken, now=rig.clock())[0]
    rig.clock.now += TTL
    rig.stores.leases.renew(replace(taken, until=rig.clock() + TTL))
    rig.clock.now += ANSWERS_WITHIN - TTL
    rig.reconciler.reconcile(session.uid)
    assert (now(rig), rig.workers.started, rig.workers.stopped) == (session, [], [])


def test_a_phone_that_unlinked_brings_a_fresh_worker_by_itself(rig):
    session = standing(rig, a_running_session(device=DEVICE, round=1))
    rig.reports.report(LoggedOut("unlinked_from_phone"), uid=session.uid, worker=session.worker or "", epoch=1)
    rig.stores.leases.release(session.uid, worker=session.worker or "", epoch=1)
    rig.reconciler.reconcile(session.uid)
    assert (now(rig).status, now(rig).epoch) == (Status.STARTING, 2)


def test_a_stop_rings_the_worker_and_without_one_is_settled(rig):
    session = standing(rig, a_running_session(desired=Desired.STOPPED, generation=2, requested_at=NOW))
    here(rig, session)
    rig.reconciler.reconcile(session.uid)
    assert rig.mailboxes.rung == [session.mailbox]
    rig.stores.leases.rows.clear()
    rig.reconciler.reconcile(session.uid)
    assert (now(rig).status, now(rig).answered) == (Status.STOPPED, True)


def test_a_delete_is_finished_without_its_caller(rig):
    session = standing(
        rig, a_running_session(status=Status.DELETING, desired=Desired.DELETED, generation=2, requested_at=NOW + 1)
    )
    rig.stores.leases.release(session.uid, worker=session.worker or "", epoch=1)
    rig.clock.now += 1_000
    rig.reconciler.reconcile(session.uid)
    assert (now(rig).status, now(rig).epoch) == (Status.DELETING, 2)
    rig.reports.report(Erased(), uid=session.uid, worker=now(rig).worker or "", epoch=2)
    rig.reconciler.reconcile(session.uid)
    assert rig.stores.sessions.rows == {}


def test_a_session_whose_workers_all_come_to_nothing_fails_with_a_reason(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    for _ in range(MAX_ATTEMPTS * 3):
        rig.reconciler.reconcile(session.uid)
        current = now(rig)
        if current.status is Status.FAILED:
            break
        rig.reconciler.worker_ended(current.worker or "", uid=session.uid, epoch=current.epoch, mailbox=None)
        rig.clock.now += 300_000
    assert (now(rig).status, now(rig).reason) == (Status.FAILED, Reason.WORKER_KEEPS_FAILING)
    assert now(rig).answered


def test_a_worker_that_shows_a_code_has_not_come_to_nothing(rig):
    session = standing(rig, a_running_session(status=Status.STARTING, attempts=9))
    rig.reports.report(QRShown(a_code()), uid=session.uid, worker=session.worker or "", epoch=1)
    assert now(rig).attempts == 0


def test_a_session_that_is_gone_is_nobody_s_business(rig):
    rig.reconciler.reconcile("gone")
    assert rig.workers.started == []


def test_standbys_are_filled_counted_and_forgotten_when_they_never_came(rig):
    rig.standby_min = 2
    rig.standbys.fill()
    rig.standbys.fill()
    assert len(rig.workers.started) == 2
    rig.clock.now += 120_000
    rig.standbys.fill()
    assert len(rig.workers.started) == 4
    assert len(rig.stores.standbys.all()) == 2


def test_a_standby_that_gives_no_sign_of_life_is_given_nothing_and_replaced_only_when_it_is_missed_for_long(rig):
    rig.standby_min = 1
    standby = ready_standby(rig)
    rig.clock.now = standby.until + MISSED_AFTER - 1
    assert rig.standbys.take("u", 1) is None
    rig.standbys.fill()
    assert (rig.workers.started, rig.stores.standbys.all()) == ([], [standby])
    rig.clock.now += 1
    rig.standbys.fill()
    assert len(rig.workers.started) == 1
    assert standby not in rig.stores.standbys.all()


def test_without_room_the_pool_stays_empty_and_clean(rig):
    rig.standby_min, rig.workers.full = 1, True
    rig.standbys.fill()
    assert rig.stores.standbys.all() == []
    assert rig.mailboxes.there == set()


def test_a_launch_that_goes_on_demand_at_once_is_no_refusal(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    rig.standby_min, rig.workers.spot_full = 1, True
    for _ in range(2):
        rig.reconciler.reconcile(session.uid)
    rig.standbys.fill()
    assert rig.metrics.of(Figure.LAUNCHES_REFUSED) == []
    assert len(rig.workers.started) == 2


def test_room_that_was_missing_after_all_is_a_refusal_as_well(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    rig.reconciler.reconcile(session.uid)
    worker = now(rig).worker
    rig.reconciler.worker_ended(worker, uid=session.uid, epoch=1, mailbox=None, refusal=NoCapacity("no room"))
    assert rig.metrics.of(Figure.LAUNCHES_REFUSED) == [1]
    assert rig.metrics.lines[-1][1] == {"uid": session.uid, "why": "no room"}


def test_how_long_a_session_has_been_starting_is_measured_over_all_its_claims(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    rig.workers.full = True
    for _ in range(20):
        rig.reconciler.reconcile(session.uid)
        rig.clock.now += 30_000
    assert now(rig).status is Status.STARTING
    assert rig.metrics.of(Figure.STARTING_SECONDS) == [30.0 * n for n in range(1, 20)]


def test_a_standby_with_a_session_does_not_count_as_waiting(rig):
    rig.standby_min = 1
    rig.stores.standbys.put(replace(ready_standby(rig), uid="u", epoch=1))
    rig.standbys.fill()
    assert len(rig.workers.started) == 1


def test_a_removed_session_s_worker_leaves_no_lease_behind(rig):
    rig.reconciler.worker_ended("w-1", uid="gone", epoch=1, mailbox=None)
    assert rig.stores.leases.rows == {}


def a_deleted_session_with_files(rig):
    session = standing(rig, a_session(desired=Desired.DELETED, generation=1))
    for begin in ("media", "uploads"):
        for uid in (session.uid, "another"):
            rig.stores.files.files[f"{begin}/{session.tenant}/{uid}/md_1"] = (b"x", "image/png")
    return session


def test_a_removed_session_s_files_go_with_it_and_no_other_s(rig):
    session = a_deleted_session_with_files(rig)
    rig.reconciler.reconcile(session.uid)
    assert session.uid not in rig.stores.sessions.rows
    assert set(rig.stores.files.files) == {
        f"media/{session.tenant}/another/md_1",
        f"uploads/{session.tenant}/another/md_1",
    }


def test_a_session_whose_files_cannot_be_removed_stays_until_they_are(rig, monkeypatch):
    session = a_deleted_session_with_files(rig)

    def refuse(prefix):
        raise Unavailable(prefix)

    with monkeypatch.context() as patched:
        patched.setattr(rig.stores.files, "remove_all", refuse)
        with pytest.raises(Unavailable):
            rig.reconciler.reconcile(session.uid)
    assert session.uid in rig.stores.sessions.rows
    rig.reconciler.reconcile(session.uid)
    assert session.uid not in rig.stores.sessions.rows
    assert not [key for key in rig.stores.files.files if session.uid in key]


def test_a_session_keeps_on_record_what_its_worker_was_started_from(rig):
    session = standing(rig, a_session(desired=Desired.RUNNING, generation=1))
    rig.reconciler.reconcile(session.uid)
    assert now(rig).task == rig.worker_task


def test_a_worker_that_gave_way_to_a_newer_version_is_not_called_lost(rig):
    session = standing(rig, a_running_session(task="worker:1"))
    rig.stores.leases.release(session.uid, worker=session.worker or "", epoch=session.epoch)
    rig.reconciler.reconcile(session.uid)
    assert (now(rig).reason, now(rig).task) == (Reason.UPGRADED, rig.worker_task)


def test_a_standby_of_an_older_version_is_given_no_session_and_makes_room(rig):
    rig.standby_min = 1
    rig.stores.standbys.put(Standby("standby-old", "https://queue/old", NOW + 30_000, ready=True, task="worker:1"))
    assert rig.standbys.take("u", 1) is None
    rig.standbys.fill()
    assert [(standby.worker == "standby-old", standby.task) for standby in rig.stores.standbys.all()] == [
        (False, rig.worker_task)
    ]


def test_standbys_that_are_more_than_enough_are_let_go(rig):
    rig.standby_min = 1
    rig.standbys.fill(more=2)
    assert len(rig.stores.standbys.all()) == 3
    rig.standbys.trim()
    assert len(rig.stores.standbys.all()) == 1


def test_a_standby_that_was_just_given_a_session_is_not_let_go(rig):
    standby = ready_standby(rig)
    rig.stores.standbys.assign(standby.worker, tenant="default", uid="u", epoch=1)
    rig.standbys.trim()
    rig.worker_task = "worker:3"
    rig.standbys.fill()
    assert [each.worker for each in rig.stores.standbys.all()] == [standby.worker]
