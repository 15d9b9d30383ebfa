"""The standby pool, in the table and in memory."""

from chalicelib.domain.lease import TTL
from chalicelib.services import ports
from tests.makers import NOW


def test_a_standby_is_given_one_session_by_one_of_many(stores):
    stores.standbys.put(ports.Standby("b", "q", NOW + TTL))
    assert not stores.standbys.assign("b", tenant="default", uid="u", epoch=1), "it isn't ready yet"
    assert stores.standbys.renew("b", until=NOW + 2 * TTL) == (True, None)
    assert stores.standbys.assign("b", tenant="default", uid="u", epoch=1)
    assert not stores.standbys.assign("b", tenant="default", uid="v", epoch=1)
    given = ports.Standby("b", "q", NOW + 2 * TTL, ready=True, tenant="default", uid="u", epoch=1)
    assert stores.standbys.renew("b", until=NOW + 3 * TTL) == (False, given), "it is told what it was given"
    assert stores.standbys.get("b") == given
    assert not stores.standbys.free("b", uid="u", epoch=2)
    assert stores.standbys.free("b", uid="u", epoch=1)
    assert stores.standbys.get("b") == ports.Standby("b", "q", NOW + 2 * TTL, ready=True)
    assert stores.standbys.assign("b", tenant="default", uid="v", epoch=1)


def test_a_serving_standby_is_out_of_the_pool_and_what_it_serves_is_known_at_its_end(stores):
    stores.standbys.put(ports.Standby("b", "q", NOW + TTL, ready=True))
    stores.standbys.assign("b", tenant="default", uid="u", epoch=4)
    stores.standbys.set_apart(stores.standbys.all())
    assert stores.standbys.all() == []
    assert stores.standbys.given("b") == stores.standbys.given("b") == ("u", 4)
    stores.standbys.forget("b")
    stores.standbys.forget("b")
    assert stores.standbys.given("b") is None


def test_a_standby_that_waits_can_be_retired_and_one_that_was_given_a_session_cannot(stores):
    for worker in ("a", "b"):
        stores.standbys.put(ports.Standby(worker, "q", NOW + TTL, ready=True, task="worker:1"))
    assert stores.standbys.assign("b", tenant="default", uid="u", epoch=1)
    assert [stores.standbys.retire(worker) for worker in ("a", "b", "c")] == [True, False, False]
    assert [(standby.worker, standby.task) for standby in stores.standbys.all()] == [("b", "worker:1")]
    assert stores.standbys.renew("a", until=NOW + 2 * TTL) == (False, None)


def test_a_standby_that_ended_before_it_served_is_known_for_what_it_was_given(stores):
    stores.standbys.put(ports.Standby("b", "q", NOW + TTL, ready=True))
    assert stores.standbys.given("unknown") is None
    assert stores.standbys.given("b") is None
    stores.standbys.assign("b", tenant="default", uid="u", epoch=4)
    assert stores.standbys.given("b") == ("u", 4)
    stores.standbys.forget("b")
    assert stores.standbys.all() == []


def test_of_several_who_have_read_one_state_of_the_pool_one_moves_it_on(stores):
    for version in range(3):
        assert stores.standbys.state().version == version
        assert [stores.standbys.settle(version) for _ in range(3)] == [True, False, False]


def test_starts_are_counted_by_minute_beside_the_pool_and_are_no_standbys(stores):
    for minute in (29_000_000, 29_000_001, 29_000_000):
        stores.standbys.note_start(minute)
    assert stores.standbys.settle(0)
    assert stores.standbys.state() == ports.PoolState(1, {29_000_000: 2, 29_000_001: 1})
    assert stores.standbys.all() == []
