"""Leases, in the table and in memory."""

from dataclasses import replace

import pytest

from chalicelib.domain.lease import GRACE, TTL, Lease
from tests.makers import NOW, a_session


def test_a_lease_is_taken_once_and_renewed_by_its_holder_alone(stores):
    mine = Lease("u", "u-1", 1, NOW + TTL)
    assert stores.leases.acquire(mine, now=NOW) == (True, None)
    assert stores.leases.acquire(Lease("u", "u-2", 2, NOW + TTL), now=NOW) == (False, mine)
    assert stores.leases.renew(replace(mine, until=NOW + 2 * TTL))
    assert not stores.leases.renew(Lease("u", "u-2", 2, NOW + TTL))
    assert not stores.leases.renew(Lease("nobody", "u-1", 1, NOW + TTL))
    assert not stores.leases.renew(replace(mine, until=NOW + 2 * TTL, holder=7)), "another process of the same task"
    assert stores.leases.get("u") == replace(mine, until=NOW + 2 * TTL)


def test_an_expired_lease_goes_to_the_next_epoch_and_not_back(stores):
    old = Lease("u", "u-1", 1, NOW)
    stores.leases.acquire(old, now=NOW)
    taken = Lease("u", "u-2", 2, NOW + TTL)
    assert stores.leases.acquire(taken, now=NOW + GRACE - 1) == (False, old)
    assert stores.leases.acquire(taken, now=NOW + GRACE) == (True, old)
    assert not stores.leases.renew(replace(old, until=NOW + TTL))
    assert stores.leases.acquire(replace(old, until=NOW + 9 * TTL), now=NOW + 8 * TTL)[0] is False


@pytest.mark.parametrize("released", [False, True])
@pytest.mark.parametrize("until", [NOW - GRACE - 1, NOW - GRACE, NOW - GRACE + 1, NOW + TTL])
@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_a_lease_is_taken_exactly_where_the_one_that_stands_admits_it(stores, epoch, until, released):
    stands = Lease("u", "u-2", 2, until, holder=5)
    stores.leases.acquire(stands, now=NOW - 9 * TTL)
    if released:
        stores.sessions.create(a_session(uid="u"))
        stores.leases.release("u", worker="u-2", epoch=2)
        stands = stores.leases.get("u")
    mine = Lease("u", f"u-{epoch}", epoch, NOW + TTL, holder=7)
    admitted = stands.admits(epoch=epoch, now=NOW)
    assert stores.leases.acquire(mine, now=NOW) == (admitted, stands)
    assert stores.leases.get("u") == (mine if admitted else stands)


def test_a_released_lease_is_free_at_once_and_not_renewed(stores):
    stores.sessions.create(a_session(uid="u"))
    mine = Lease("u", "u-1", 1, NOW + TTL)
    stores.leases.acquire(mine, now=NOW)
    assert not stores.leases.release("u", worker="another", epoch=1)
    assert stores.leases.release("u", worker="u-1", epoch=1)
    assert not stores.leases.renew(replace(mine, until=NOW + 2 * TTL))
    assert stores.leases.acquire(Lease("u", "u-2", 2, NOW + TTL), now=NOW)[0]


def test_a_renewal_that_arrives_late_doesn_t_shorten_the_lease(stores):
    mine = Lease("u", "u-1", 1, NOW + TTL)
    stores.leases.acquire(mine, now=NOW)
    assert stores.leases.renew(replace(mine, until=NOW + 2 * TTL))
    assert stores.leases.renew(replace(mine, until=NOW + TTL + 1)), "it is held for longer than that"
    assert stores.leases.get("u") == replace(mine, until=NOW + 2 * TTL)
    assert not stores.leases.renew(Lease("u", "u-1", 2, NOW + TTL))


def test_a_call_stands_on_the_lease_that_was_read_until_the_next_is_acquired(stores):
    old = Lease("u", "u-1", 1, NOW)
    stores.leases.acquire(old, now=NOW)
    assert stores.leases.call(old, now=NOW + GRACE)
    assert stores.leases.get("u") == replace(old, called_at=NOW + GRACE)
    again = Lease("u", "u-1", 1, NOW + TTL)
    assert stores.leases.acquire(again, now=NOW + GRACE)[0], "a call keeps nobody from it"
    assert stores.leases.get("u") == again


def test_who_renewed_or_gave_back_or_has_lost_its_lease_isn_t_called(stores):
    mine = Lease("u", "u-1", 1, NOW)
    assert not stores.leases.call(mine, now=NOW + GRACE)
    stores.leases.acquire(mine, now=NOW)
    stores.leases.renew(replace(mine, until=NOW + TTL))
    assert not stores.leases.call(mine, now=NOW + GRACE)
    assert not stores.leases.call(Lease("u", "u-2", 2, NOW + TTL), now=NOW + GRACE)
    stores.sessions.create(a_session(uid="u"))
    stores.leases.release("u", worker="u-1", epoch=1)
    assert not stores.leases.call(mine, now=NOW + GRACE)


def test_a_worker_that_never_came_is_marked_gone_but_not_over_one_that_is_at_work(stores):
    assert stores.leases.release("u", worker="u-1", epoch=1)
    assert stores.leases.acquire(Lease("u", "u-2", 2, NOW + TTL), now=NOW)[0]
    assert not stores.leases.release("u", worker="u-3", epoch=3)
    assert stores.leases.get("u") == Lease("u", "u-2", 2, NOW + TTL)
