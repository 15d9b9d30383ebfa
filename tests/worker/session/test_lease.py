"""Taking, keeping and giving back the lease.

The fence's arithmetic, with a clock that is set.

The lease, held until it is given back."""

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.lease import FENCE_AFTER, GRACE, RENEW_EVERY, TTL, Lease, Order, SessionClaim, in_force
from chalicelib.domain.session import Status
from chalicelib.services.ports import Misconfigured, Unavailable
from chalicelib.worker.handover import Handover
from chalicelib.worker.session import lease as holding
from chalicelib.worker.session import lease as worker_lease
from chalicelib.worker.session.lease import RETRY_AFTER, LeaseKeeper
from chalicelib.worker.waiting import EventQueue
from tests.fakes import MemoryLeases
from tests.makers import a_running_session
from tests.worker.harness import WorkerHarness
from tests.worker.outside import Outside, now

CLAIM = SessionClaim("uid", "uid-2", 2)
HANDOVER = Handover(Order("uid-2", "mailbox", "default", "ana", "uid", 2))


class InVain(Exception):
    """A try for the lease came to nothing."""


class OneTry(EventQueue):
    """Has nobody wait for another try."""

    def pause(self, seconds: float) -> None:
        raise InVain


@dataclass
class FlakyLeases(MemoryLeases):
    """Carries a call out, and loses the answer so many times."""

    lost: int = 0

    def _lose(self) -> None:
        if self.lost:
            self.lost -= 1
            raise Unavailable

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        answer = super().acquire(lease, now=now)
        self._lose()
        return answer

    def release(self, uid: str, *, worker: str, epoch: int, ended: bool = False) -> bool:
        self._lose()
        return super().release(uid, worker=worker, epoch=epoch, ended=ended)


def taken(outside: Outside) -> Handover | None:
    return worker_lease.acquire(HANDOVER, CLAIM, outside.services, EventQueue())


def test_a_free_lease_is_taken_at_once() -> None:
    outside, began = Outside(), now()
    handover = taken(outside)
    assert handover
    assert handover.renewed is not None
    assert handover.took_over_at is None
    assert outside.leases.rows["uid"].until >= began + TTL


def test_a_lease_that_was_given_back_is_no_takeover() -> None:
    outside = Outside()
    outside.leases.rows["uid"] = Lease("uid", "uid-1", 1, until=0, released=True)
    handover = taken(outside)
    assert handover
    assert handover.took_over_at is None


def test_a_lease_that_expired_is_a_takeover() -> None:
    outside = Outside()
    outside.leases.rows["uid"] = Lease("uid", "uid-1", 1, until=now() - 60_000)
    handover = taken(outside)
    assert handover
    assert handover.took_over_at


def test_a_later_claims_lease_is_not_waited_for() -> None:
    outside = Outside()
    outside.leases.rows["uid"] = Lease("uid", "uid-3", 3, until=now() + TTL)
    assert taken(outside) is None


def test_a_lease_that_another_worker_holds_is_waited_for() -> None:
    outside = Outside()
    outside.leases.rows["uid"] = Lease("uid", "uid-1", 1, until=now() - 4_500)
    assert taken(outside)


def test_a_worker_that_is_to_end_takes_nothing() -> None:
    events = EventQueue()
    events.terminate()
    outside = Outside()
    assert worker_lease.acquire(HANDOVER, CLAIM, outside.services, events) is None
    assert outside.leases.rows == {}


def test_a_try_whose_answer_got_lost_is_found_to_have_succeeded() -> None:
    outside = Outside(leases=FlakyLeases(lost=1))
    handover = taken(outside)
    assert handover
    assert handover.took_over_at is None


LAPSED = replace(HANDOVER, took_over_at=7, ended=2, lapsed=True, holder=5)


def test_a_lease_that_ran_out_on_the_image_before_is_no_takeover_and_that_image_has_ended() -> None:
    outside = Outside()
    outside.leases.rows["uid"] = Lease("uid", "uid-2", 2, until=now() - GRACE, called_at=now(), holder=5)
    handover = worker_lease.acquire(LAPSED, CLAIM, outside.services, EventQueue())
    assert handover
    assert (handover.lapsed, handover.took_over_at, handover.ended) == (False, 7, 2)
    assert handover.renewed is not None
    assert outside.leases.rows["uid"].answer_by is None


def test_a_lease_that_is_still_this_process_s_own_is_renewed_at_once() -> None:
    outside = Outside()
    outside.leases.rows["uid"] = Lease("uid", "uid-2", 2, until=now() + 10_000, holder=5)
    handover = worker_lease.acquire(LAPSED, CLAIM, outside.services, OneTry())
    assert handover
    assert (handover.took_over_at, handover.ended, handover.holder) == (7, 2, 5)
    assert outside.leases.rows["uid"].until > now() + 10_000


def test_a_task_that_was_started_twice_is_two_holders_of_whom_one_waits() -> None:
    outside, order = Outside(), replace(HANDOVER, lapsed=False)
    first = worker_lease.acquire(order, CLAIM, outside.services, OneTry())
    assert first
    with pytest.raises(InVain):
        worker_lease.acquire(order, CLAIM, outside.services, OneTry())
    with pytest.raises(InVain):
        worker_lease.acquire(LAPSED, CLAIM, outside.services, OneTry())
    assert not worker_lease.renew(CLAIM, outside.services, holder=5)
    assert worker_lease.renew(CLAIM, outside.services, holder=first.holder)


def test_a_lease_that_ran_out_and_went_to_a_later_claim_is_lost() -> None:
    outside = Outside()
    outside.leases.rows["uid"] = Lease("uid", "uid-3", 3, until=now() + TTL)
    assert worker_lease.acquire(LAPSED, CLAIM, outside.services, EventQueue()) is None


@dataclass
class DeafLeases(MemoryLeases):
    """Doesn't answer so many times."""

    times: int = 0
    error: Exception = field(default_factory=Unavailable)

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        if self.times:
            self.times -= 1
            raise self.error
        return super().acquire(lease, now=now)


def test_nobody_gives_up_while_aws_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "PAUSE", 0.01)
    monkeypatch.setattr(holding, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(holding, "TAKES", 20)
    outside = Outside(leases=DeafLeases(times=5))
    beats: list[int] = []
    assert worker_lease.acquire(LAPSED, CLAIM, outside.services, EventQueue(lambda: beats.append(now())))
    assert len(beats) == 5, "and it is seen to live"


def test_who_held_the_lease_waits_when_it_is_refused_as_well_and_nobody_else_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holding, "PAUSE", 0.01)
    monkeypatch.setattr(holding, "LONGEST_PAUSE", 0.02)
    refused = Misconfigured("not allowed", "AccessDeniedException")
    assert worker_lease.acquire(
        LAPSED, CLAIM, Outside(leases=DeafLeases(times=2, error=refused)).services, EventQueue()
    )
    with pytest.raises(Misconfigured):
        taken(Outside(leases=DeafLeases(times=2, error=refused)))


@pytest.mark.parametrize(
    ("before", "ended"),
    [
        (Lease("uid", "uid-1", 1, until=0, released=True, ended=True), 1),
        (Lease("uid", "uid-1", 1, until=0, released=True), None),
        (Lease("uid", "uid-1", 1, until=1), None),
        (None, None),
    ],
    ids=["seen to end", "given back by nobody knows whom", "run out", "the first"],
)
def test_who_takes_the_lease_learns_whether_the_worker_before_was_seen_to_end(
    before: Lease | None, ended: int | None
) -> None:
    outside = Outside()
    if before:
        outside.leases.rows["uid"] = before
    handover = taken(outside)
    assert handover
    assert handover.ended == ended


def test_a_release_is_tried_again() -> None:
    outside = Outside(leases=FlakyLeases(lost=2))
    outside.leases.rows["uid"] = Lease("uid", "uid-2", 2, until=now())
    assert worker_lease.release(CLAIM, outside.services, ended=True)
    assert (outside.leases.rows["uid"].released, outside.leases.rows["uid"].ended) == (True, True)


def test_a_release_that_never_gets_an_answer_is_left_to_the_lease_itself() -> None:
    assert not worker_lease.release(CLAIM, Outside(leases=FlakyLeases(lost=99)).services, ended=True)


def test_only_the_claim_that_stands_on_a_session_to_be_served_is_in_force() -> None:
    session = a_running_session(uid="uid", worker="uid-2", epoch=2)
    assert in_force(CLAIM, session)
    assert in_force(CLAIM, replace(session, status=Status.DELETING))
    assert not in_force(CLAIM, replace(session, epoch=3))
    assert not in_force(CLAIM, replace(session, worker="uid-1"))
    assert not in_force(CLAIM, replace(session, status=Status.STOPPED))
    assert not in_force(CLAIM, None)


@dataclass
class LeaseHarness:
    """A fence with a clock, an AWS and ends of its own."""

    now: int = 0
    answers: list[bool | Exception] = field(default_factory=list)
    takes: int = 0
    deaths: int = 0
    lapses: int = 0

    def __post_init__(self) -> None:
        self.keeper = LeaseKeeper(
            self.renew, renewed=self.now, lapse=self.lapse, monotonic=lambda: self.now, die=self.die
        )

    def renew(self) -> bool:
        self.now += self.takes
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    def die(self) -> None:
        self.deaths += 1

    def lapse(self) -> None:
        self.lapses += 1


def test_a_lease_is_renewed_in_time_and_not_before() -> None:
    harness = LeaseHarness()
    harness.now = RENEW_EVERY - 1
    assert harness.keeper.renew_if_due() == 1
    harness.now = RENEW_EVERY
    assert harness.keeper.renew_if_due() == RENEW_EVERY
    assert harness.keeper.renewed == RENEW_EVERY


def test_a_lease_is_late_as_soon_as_another_worker_might_have_it_and_once_it_is_given_back() -> None:
    harness = LeaseHarness()
    harness.now = FENCE_AFTER - 1
    assert not harness.keeper.late
    harness.now = FENCE_AFTER
    assert harness.keeper.late
    harness.keeper.renew()
    assert not harness.keeper.late
    harness.keeper.stop()
    assert harness.keeper.late


def test_a_renewal_counts_from_when_it_was_sent() -> None:
    harness = LeaseHarness(takes=2_500)
    harness.keeper.renew()
    assert harness.keeper.renewed == 0
    assert harness.keeper.check() == FENCE_AFTER - 2_500


@pytest.mark.parametrize("error", [Unavailable(), ValueError("what nobody expected")])
def test_a_renewal_without_an_answer_counts_for_nothing_and_is_soon_sent_again(error: Exception) -> None:
    harness = LeaseHarness(answers=[error])
    harness.now = RENEW_EVERY
    assert harness.keeper.renew() == RETRY_AFTER
    assert harness.keeper.renewed == 0
    assert (harness.deaths, harness.lapses) == (0, 0)


def test_a_refused_renewal_ends_the_process() -> None:
    harness = LeaseHarness(answers=[False])
    harness.keeper.renew()
    assert (harness.deaths, harness.lapses) == (1, 0)


def test_too_long_without_a_good_renewal_ends_the_image_of_the_process_and_not_the_process() -> None:
    harness = LeaseHarness()
    harness.now = FENCE_AFTER - 1
    harness.keeper.check()
    assert harness.lapses == 0
    harness.now = FENCE_AFTER
    harness.keeper.check()
    assert (harness.deaths, harness.lapses) == (0, 1)


def test_a_fence_that_was_let_go_ends_nothing() -> None:
    harness = LeaseHarness(answers=[False])
    harness.keeper.stop()
    harness.now = 10 * FENCE_AFTER
    harness.keeper.check()
    harness.keeper.renew()
    assert (harness.deaths, harness.lapses) == (0, 0)


def test_a_hanging_renewal_does_not_save_the_client() -> None:
    lapsed, hangs = threading.Event(), threading.Event()

    def renew() -> bool:
        hangs.wait()
        return True

    keeper = LeaseKeeper(renew, renewed=-FENCE_AFTER, lapse=lapsed.set, monotonic=lambda: 0)
    keeper.start()
    assert lapsed.wait(5)
    keeper.stop()
    hangs.set()


@given(st.lists(st.tuples(st.integers(0, 40_000), st.sampled_from([True, Unavailable()]), st.integers(0, 3_000))))
def test_whatever_aws_does_the_client_is_gone_before_anybody_may_take_its_lease(
    steps: list[tuple[int, bool | Exception, int]],
) -> None:
    """Others count from when a good renewal arrived, which is never before it was sent, and wait GRACE on top."""
    harness = LeaseHarness()
    sent = 0
    for wait, answer, takes in steps:
        harness.now += wait
        harness.takes, harness.answers = takes, [answer]
        began = harness.now
        harness.keeper.renew()
        sent = began if answer is True else sent
        harness.keeper.check()
        assert bool(harness.lapses) == (harness.now - sent >= FENCE_AFTER)
        if harness.lapses:
            break
        assert harness.now < sent + TTL + GRACE


def test_a_lease_is_given_back_once_and_nothing_is_done_under_it_any_more(tmp_path: Path) -> None:
    worker = WorkerHarness(tmp_path)
    _, lease = worker.reporter()
    assert not lease.late
    lease.release()
    assert lease.late
    assert worker.outside.leases.rows[worker.session.uid].released
    worker.outside.leases.rows.clear()
    lease.release()
    assert worker.outside.leases.rows == {}


def test_an_aws_that_hangs_keeps_no_worker_from_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "RELEASING_TAKES", 0.05)
    hangs = Event()

    class Hanging(MemoryLeases):
        def release(self, uid: str, *, worker: str, epoch: int, ended: bool = False) -> bool:
            return hangs.wait(60)

    worker = WorkerHarness(tmp_path)
    worker.outside.leases = Hanging()
    _, lease = worker.reporter()
    lease.release()
    assert not worker.outside.leases.rows[worker.session.uid].released
    hangs.set()
