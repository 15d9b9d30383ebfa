from dataclasses import replace

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.lease import ANSWERS_WITHIN, GRACE, TTL, Lease
from chalicelib.domain.reconcile import (
    LAUNCH_TIMEOUT,
    MAX_ATTEMPTS,
    MAX_LAUNCHES,
    STANDBY_TIMEOUT,
    STOP_TIMEOUT,
    Act,
    Step,
    Version,
    backoff,
    foreseen,
    next_step,
    retry_in,
    version_of,
)
from chalicelib.domain.session import LIVE, Desired, Reason, Session, Status
from chalicelib.domain.transitions import NEXT, advance
from tests.makers import DEVICE, NOW, a_code, a_running_session, a_session

RESTING = (Status.LOGGED_OUT, Status.STOPPED, Status.FAILED, Status.PASSKEY_REQUIRED)
LATER = NOW + 10_000_000


def the_lease(session: Session, until: int = NOW + 30_000, *, released: bool = False) -> Lease:
    return Lease(session.uid, session.worker or "", session.epoch, until, released)


def test_a_session_that_nobody_wants_running_rests():
    assert next_step(a_session(), None, NOW) == Step(Act.REST)


def test_a_wanted_session_without_a_worker_gets_one():
    session = a_session(desired=Desired.RUNNING, generation=1)
    assert next_step(session, None, NOW) == Step(Act.CLAIM)


@pytest.mark.parametrize("status", RESTING)
def test_a_final_status_rests_until_somebody_asks_again(status):
    answered = a_running_session(status=status, observed_generation=1)
    assert next_step(answered, None, LATER) == Step(Act.REST)
    asked_again = replace(answered, generation=2)
    assert next_step(asked_again, None, LATER) == Step(Act.CLAIM)


@pytest.mark.parametrize("status", sorted(LIVE))
def test_a_session_whose_worker_is_here_rests(status):
    session = a_running_session(status=status)
    assert next_step(session, the_lease(session), NOW) == Step(Act.REST)


@pytest.mark.parametrize("status", sorted(LIVE))
def test_a_worker_that_keeps_a_session_past_its_deadline_is_ended(status):
    session = a_running_session(status=status, deadline=NOW)
    assert next_step(session, the_lease(session), NOW) == Step(Act.STOP_WORKER)


@pytest.mark.parametrize("status", sorted(LIVE))
def test_a_session_whose_worker_is_gone_gets_another(status):
    session = a_running_session(status=status)
    assert next_step(session, the_lease(session, released=True), NOW) == Step(Act.CLAIM)


@pytest.mark.parametrize("status", sorted(LIVE))
def test_a_worker_whose_lease_has_run_out_is_called_and_has_its_time_to_answer_before_another_is_claimed(status):
    session = a_running_session(status=status)
    silent = the_lease(session, NOW - GRACE)
    assert next_step(session, silent, NOW) == Step(Act.CALL, NOW + ANSWERS_WITHIN)
    called = replace(silent, called_at=NOW)
    assert next_step(session, called, NOW + ANSWERS_WITHIN - 1) == Step(Act.REST, NOW + ANSWERS_WITHIN)
    assert next_step(session, called, NOW + ANSWERS_WITHIN) == Step(Act.CLAIM)


def test_a_worker_that_answered_is_called_anew_when_its_lease_runs_out_again():
    session = a_running_session()
    answered = replace(the_lease(session, NOW + TTL), called_at=NOW - 1_000)
    assert next_step(session, answered, NOW + GRACE).act is Act.REST
    assert next_step(session, answered, NOW + TTL + GRACE).act is Act.CALL


def test_a_worker_that_is_to_unlink_is_called_too():
    session = a_running_session(desired=Desired.UNLINKED, generation=2, device=DEVICE)
    assert next_step(session, the_lease(session, NOW - GRACE), NOW).act is Act.CALL


def test_nobody_is_waited_for_to_stop_a_session_whose_worker_is_silent():
    session = a_running_session(desired=Desired.STOPPED, generation=2)
    assert next_step(session, the_lease(session, NOW - GRACE), NOW) == Step(Act.SETTLE)


def test_a_new_task_has_its_time_to_come_then_is_launched_again_then_replaced():
    session = a_running_session(status=Status.STARTING, attempts=1)
    assert next_step(session, None, NOW) == Step(Act.REST, NOW + LAUNCH_TIMEOUT)
    assert next_step(session, None, NOW + LAUNCH_TIMEOUT) == Step(Act.LAUNCH)
    again = replace(session, launches=MAX_LAUNCHES)
    assert next_step(again, None, NOW + LAUNCH_TIMEOUT * MAX_LAUNCHES) == Step(Act.CLAIM)


def test_a_standby_that_does_not_come_is_replaced_in_seconds():
    session = a_running_session(status=Status.STARTING, standby=True)
    assert next_step(session, None, NOW) == Step(Act.REST, NOW + STANDBY_TIMEOUT)
    assert next_step(session, None, NOW + STANDBY_TIMEOUT) == Step(Act.CLAIM)


def test_a_former_worker_s_lease_says_nothing_of_the_one_that_is_coming():
    session = a_running_session(status=Status.STARTING, epoch=2, worker="w-2")
    former = Lease(session.uid, "w-1", 1, NOW + 30_000)
    assert next_step(session, former, NOW).act is Act.REST


def test_a_launch_that_ecs_refused_waits_for_its_time():
    session = a_running_session(status=Status.STARTING, next_at=NOW + 4_000)
    assert next_step(session, None, NOW) == Step(Act.REST, NOW + 4_000)
    assert next_step(session, None, NOW + 4_000) == Step(Act.LAUNCH)


def test_claims_that_come_to_nothing_back_off_and_in_the_end_the_session_fails():
    session = a_running_session(status=Status.STARTING, attempts=4)
    gone = the_lease(session, released=True)
    assert next_step(session, gone, NOW) == Step(Act.REST, NOW + backoff(4))
    assert next_step(session, gone, NOW + backoff(4)) == Step(Act.CLAIM)
    assert next_step(replace(session, attempts=MAX_ATTEMPTS), gone, LATER) == Step(Act.GIVE_UP)


def test_the_backoff_grows_to_five_minutes():
    delays = [backoff(attempts) for attempts in range(MAX_ATTEMPTS)]
    assert delays == sorted(delays)
    assert (delays[0], delays[1], delays[2], delays[-1]) == (0, 0, 1_000, 300_000)


def test_a_worker_is_rung_to_end_and_after_its_time_is_ended():
    session = a_running_session(desired=Desired.STOPPED, generation=2, requested_at=NOW)
    overdue = NOW + LAUNCH_TIMEOUT + STOP_TIMEOUT
    lease = the_lease(session, LATER)
    assert next_step(session, lease, NOW) == Step(Act.RING, overdue)
    assert next_step(session, lease, overdue) == Step(Act.STOP_WORKER)


def test_a_stop_without_a_worker_is_settled_at_once():
    session = a_running_session(desired=Desired.STOPPED, generation=2)
    assert next_step(session, None, NOW) == Step(Act.SETTLE)
    assert next_step(a_session(desired=Desired.STOPPED, generation=1), None, NOW) == Step(Act.SETTLE)


def test_a_stored_device_is_unlinked_by_a_worker_claimed_for_it():
    session = a_running_session(status=Status.STOPPED, desired=Desired.UNLINKED, generation=2, device=DEVICE)
    assert next_step(session, the_lease(session, released=True), NOW) == Step(Act.CLAIM)
    without = replace(session, device=None)
    assert next_step(without, the_lease(session, released=True), NOW) == Step(Act.SETTLE)


def test_a_session_that_never_had_a_worker_is_removed_at_once():
    session = a_session(status=Status.DELETING, desired=Desired.DELETED, generation=1)
    assert next_step(session, None, NOW) == Step(Act.REMOVE)


def test_a_deleted_session_s_worker_is_rung_and_what_it_erased_is_removed():
    session = a_running_session(status=Status.DELETING, desired=Desired.DELETED, generation=2)
    assert next_step(session, the_lease(session), NOW).act is Act.RING
    assert next_step(replace(session, erased=True), the_lease(session), NOW) == Step(Act.REMOVE)


def test_a_deleted_session_without_a_worker_gets_one_that_erases():
    session = a_running_session(status=Status.DELETING, desired=Desired.DELETED, generation=2, requested_at=NOW + 9)
    assert next_step(session, the_lease(session, released=True), NOW + 10) == Step(Act.CLAIM)


@pytest.mark.parametrize("status", [Status.CONNECTED, Status.DISCONNECTED])
def test_a_connected_session_s_worker_of_another_version_can_give_way(status):
    session = a_running_session(status=status, task="worker:1")
    assert version_of(session, the_lease(session), "worker:2", NOW) is Version.OLD
    assert version_of(session, the_lease(session), "worker:1", NOW) is Version.CURRENT


@pytest.mark.parametrize("status", [Status.STARTING, Status.SCAN_QR, Status.PAIRING, Status.DELETING])
def test_a_worker_that_is_busy_linking_or_removing_is_not_interrupted(status):
    session = a_running_session(status=status, task="worker:1")
    assert version_of(session, the_lease(session), "worker:2", NOW) is Version.BUSY


@pytest.mark.parametrize("desired", [Desired.STOPPED, Desired.UNLINKED, Desired.DELETED])
def test_a_session_that_is_about_to_end_is_not_moved(desired):
    session = a_running_session(desired=desired, task="worker:1")
    assert version_of(session, the_lease(session), "worker:2", NOW) is Version.BUSY


def test_a_session_whose_worker_is_being_replaced_anyway_is_not_moved():
    session = a_running_session(task="worker:1")
    for lease in (None, the_lease(session, released=True), the_lease(session, NOW - GRACE)):
        assert version_of(session, lease, "worker:2", NOW) is Version.BUSY


@pytest.mark.parametrize("status", [Status.CREATED, *RESTING])
def test_a_session_without_a_worker_has_no_old_one(status):
    assert version_of(a_session(status=status, task="worker:1"), None, "worker:2", NOW) is Version.CURRENT


def test_a_worker_of_which_no_version_is_known_is_an_old_one():
    session = a_running_session(task=None)
    assert version_of(session, the_lease(session), "worker:2", NOW) is Version.OLD


def test_those_that_were_refused_at_one_moment_come_back_at_many():
    waits = {retry_in(f"u{number}", 9) for number in range(1_000)}
    assert len(waits) > 900
    assert (min(waits) < 160_000, max(waits) > 440_000) == (True, True)
    assert retry_in("u1", 9) == retry_in("u1", 9)


def written(status: Status, event: e.LinkEvent, **fields: object) -> Session:
    return advance(a_running_session(status=status, **fields), event, now=NOW, event_id="e")


REPORTS = [
    (Status.STARTING, e.QRShown(a_code())),
    (Status.SCAN_QR, e.QRShown(a_code(attempt=2))),
    (Status.SCAN_QR, e.PairSuccess(DEVICE)),
    (Status.PAIRING, e.Connected(DEVICE)),
    (Status.DISCONNECTED, e.Connected(DEVICE)),
    (Status.CONNECTED, e.Disconnected(Reason.CONNECTION_LOST)),
]


@pytest.mark.parametrize(("status", "report"), REPORTS)
def test_what_a_worker_at_work_reports_calls_for_no_look(status, report):
    after = written(status, report)
    assert foreseen(after, NOW) == next_step(after, the_lease(after), NOW) == Step(Act.REST)


def a_claim(*, standby: bool) -> Session:
    wanted = a_session(desired=Desired.RUNNING, generation=1)
    return advance(wanted, e.WorkerClaimed("w", "q", standby=standby), now=NOW, event_id="e")


@pytest.mark.parametrize(("standby", "patience"), [(True, STANDBY_TIMEOUT), (False, LAUNCH_TIMEOUT)])
def test_after_a_claim_it_is_known_when_to_look_whether_the_worker_came(standby, patience):
    assert foreseen(a_claim(standby=standby), NOW + 5) == Step(Act.REST, NOW + patience)


def test_a_claim_that_is_told_of_too_late_is_looked_at():
    assert foreseen(a_claim(standby=True), NOW + STANDBY_TIMEOUT) is None


@pytest.mark.parametrize("wish", [e.StopRequested(), e.DeleteRequested(), e.UnlinkRequested(), e.RestartRequested()])
@pytest.mark.parametrize(("status", "report"), REPORTS)
def test_what_its_owner_wants_is_always_looked_at_and_what_is_reported_meanwhile(status, report, wish):
    wanted = written(status, wish)
    assert foreseen(wanted, NOW) is None
    if wanted.desired is not Desired.RUNNING and (wanted.status, type(report)) in NEXT:
        assert foreseen(advance(wanted, report, now=NOW, event_id="e"), NOW) is None


def test_a_session_that_was_switched_off_is_looked_at_whatever_is_reported():
    assert foreseen(written(Status.SCAN_QR, e.QRShown(a_code()), enabled=False), NOW) is None


@pytest.mark.parametrize("end", [e.LoggedOut(Reason.UNLINKED_FROM_PHONE), e.StreamReplaced(), e.ClientOutdated()])
def test_the_end_of_a_start_is_looked_at(end):
    assert foreseen(written(Status.CONNECTED, end), NOW) is None
