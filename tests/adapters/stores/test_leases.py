"""Leases, in the table and in memory."""

from dataclasses import replace

from chalicelib.domain.lease import GRACE, TTL, Lease
from tests.makers import NOW, a_session


def test_a_lease_is_taken_once_and_renewed_by_its_holder_alone(stores):
    mine = Lease("u", "u-1", 1, NOW + TTL)
    assert stores.leases.acquire(mine, now=NOW) == (True, None)
    assert stores.leases.acquire(Lease("u", "u-2", 2, NOW + TTL), now=NOW) == (False, mine)
    assert stores.leases.renew(replace(mine, until=NOW + 2 * TTL))
    assert not stores.leases.renew(Lease("u", "u-2", 2, NOW + TTL))
    assert not stores.leases.renew(Lease("nobody", "u-1", 1, NOW + TTL))
    assert stores.leases.get("u") == replace(mine, until=NOW + 2 * TTL)


def test_an_expired_lease_goes_to_the_next_epoch_and_not_back(stores):
    old = Lease("u", "u-1", 1, NOW)
    stores.leases.acquire(old, now=NOW)
    taken = Lease("u", "u-2", 2, NOW + TTL)
    assert stores.leases.acquire(taken, now=NOW + GRACE - 1) == (False, old)
    assert stores.leases.acquire(taken, now=NOW + GRACE) == (True, old)
    assert not stores.leases.renew(replace(old, until=NOW + TTL))
    assert stores.leases.acquire(replace(old, until=NOW + 9 * TTL), now=NOW + 8 * TTL)[0] is False


def test_a_released_lease_is_free_at_once_and_not_renewed(stores):
    stores.sessions.create(a_session(uid="u"))
    mine = Lease("u", "u-1", 1, NOW + TTL)
    stores.leases.acquire(mine, now=NOW)
    assert not stores.leases.release("u", worker="another", epoch=1)
    assert stores.leases.release("u", worker="u-1", epoch=1)
    assert not stores.leases.renew(replace(mine, until=NOW + 2 * TTL))
    assert stores.leases.acquire(Lease("u", "u-2", 2, NOW + TTL), now=NOW)[0]


def test_a_worker_that_never_came_is_marked_gone_but_not_over_one_that_is_at_work(stores):
    assert stores.leases.release("u", worker="u-1", epoch=1)
    assert stores.leases.acquire(Lease("u", "u-2", 2, NOW + TTL), now=NOW)[0]
    assert not stores.leases.release("u", worker="u-3", epoch=3)
    assert stores.leases.get("u") == Lease("u", "u-2", 2, NOW + TTL)
