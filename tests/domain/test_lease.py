from chalicelib.domain.lease import FENCE_AFTER, GRACE, RENEW_EVERY, TTL, Lease
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


def test_a_worker_that_cannot_renew_ends_itself_before_anybody_may_take_over():
    # The last good renewal was sent, at worst, right before it counted: from there the fence must be the shorter.
    assert FENCE_AFTER + RENEW_EVERY <= TTL
