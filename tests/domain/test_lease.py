from dataclasses import replace

from chalicelib.domain.lease import ANSWERS_WITHIN, FENCE_AFTER, GRACE, RENEW_EVERY, TTL, Lease
from tests.makers import NOW

LEASE = Lease(uid="u", worker="u-2", epoch=2, until=NOW)


def test_a_lease_holds_until_its_expiry_and_the_grace_are_over():
    assert LEASE.holds(NOW + GRACE - 1)
    assert not LEASE.holds(NOW + GRACE)


def test_a_released_lease_holds_nothing():
    assert not Lease(uid="u", worker="u-2", epoch=2, until=NOW + TTL, released=True).holds(NOW)


def test_only_a_worker_of_the_same_or_a_later_epoch_may_take_over_and_only_a_free_lease():
    assert LEASE.admits(epoch=3, now=NOW + GRACE)
    assert not LEASE.admits(epoch=1, now=NOW + GRACE)
    assert not LEASE.admits(epoch=3, now=NOW)


def test_a_lease_is_given_up_when_it_was_given_back_or_a_call_was_in_vain():
    expired = LEASE.until + GRACE
    assert not LEASE.given_up(NOW + 9 * ANSWERS_WITHIN), "nobody has called"
    called = replace(LEASE, called_at=expired)
    assert not called.given_up(expired + ANSWERS_WITHIN - 1)
    assert called.given_up(expired + ANSWERS_WITHIN)
    assert replace(LEASE, released=True).given_up(NOW)


def test_a_renewal_answers_a_call_though_the_two_clocks_differ():
    called = replace(LEASE, called_at=LEASE.until + GRACE)
    renewed = replace(called, until=called.called_at - GRACE + TTL)
    assert (called.answer_by, renewed.answer_by) == (called.called_at + ANSWERS_WITHIN, None)
    assert not renewed.given_up(renewed.until + 9 * ANSWERS_WITHIN)


def test_nobody_loses_a_claim_in_a_minute_in_which_workers_alone_reach_no_table():
    # The last good renewal was just before, or as long ago as may be.
    runs_out_after = TTL + GRACE - RENEW_EVERY
    assert runs_out_after + ANSWERS_WITHIN >= 60_000


def test_a_worker_that_cannot_renew_ends_itself_before_anybody_may_take_over():
    # The last good renewal was sent, at worst, right before it counted: from there the fence must be the shorter.
    assert FENCE_AFTER + RENEW_EVERY <= TTL
