"""Taking, keeping and giving back the lease."""

from dataclasses import dataclass, replace

from chalicelib.domain.lease import TTL, Lease
from chalicelib.domain.session import Status
from chalicelib.services.ports import Order, Unavailable
from chalicelib.worker.inbox import Inbox
from chalicelib.worker.lease import tenure
from chalicelib.worker.order import Claim, Handover
from tests.fakes import MemoryLeases
from tests.makers import a_running_session
from tests.worker.outside import Outside, now

CLAIM = Claim("uid", "uid-2", 2)
HANDOVER = Handover(Order("uid-2", "mailbox", "default", "ana", "uid", 2))


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

    def release(self, uid: str, *, worker: str, epoch: int) -> bool:
        self._lose()
        return super().release(uid, worker=worker, epoch=epoch)


def taken(outside: Outside) -> Handover | None:
    return tenure.take(HANDOVER, CLAIM, outside, Inbox())


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
    inbox = Inbox()
    inbox.terminate()
    outside = Outside()
    assert tenure.take(HANDOVER, CLAIM, outside, inbox) is None
    assert outside.leases.rows == {}


def test_a_try_whose_answer_got_lost_is_found_to_have_succeeded() -> None:
    outside = Outside(leases=FlakyLeases(lost=1))
    handover = taken(outside)
    assert handover
    assert handover.took_over_at is None


def test_a_release_is_tried_again() -> None:
    outside = Outside(leases=FlakyLeases(lost=2))
    outside.leases.rows["uid"] = Lease("uid", "uid-2", 2, until=now())
    assert tenure.release(CLAIM, outside)
    assert outside.leases.rows["uid"].released


def test_a_release_that_never_gets_an_answer_is_left_to_the_lease_itself() -> None:
    assert not tenure.release(CLAIM, Outside(leases=FlakyLeases(lost=99)))


def test_only_the_claim_in_force_on_a_session_to_be_served_is_ours() -> None:
    session = a_running_session(uid="uid", worker="uid-2", epoch=2)
    assert tenure.is_ours(session, CLAIM)
    assert tenure.is_ours(replace(session, status=Status.DELETING), CLAIM)
    assert not tenure.is_ours(replace(session, epoch=3), CLAIM)
    assert not tenure.is_ours(replace(session, worker="uid-1"), CLAIM)
    assert not tenure.is_ours(replace(session, status=Status.STOPPED), CLAIM)
    assert not tenure.is_ours(None, CLAIM)
