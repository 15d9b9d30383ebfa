"""Waiting in the pool."""

import threading

from chalicelib.domain.lease import Order, SessionClaim
from chalicelib.services.ports import Standby
from chalicelib.worker import host
from chalicelib.worker.handover import Handover
from chalicelib.worker.waiting import EventQueue, Happening, Rung
from tests.worker.outside import Outside, now

IDLE = Handover(Order("standby-1", "mailbox"), standby=True)


def a_pool() -> Outside:
    outside = Outside()
    outside.standbys.put(Standby("standby-1", "mailbox", until=now() + 60_000))
    return outside


def test_a_standby_that_is_not_in_the_pool_is_not_wanted() -> None:
    assert host.wait_for_session(IDLE, Outside().services, EventQueue()) is None


def test_a_standby_that_is_to_end_leaves_the_pool() -> None:
    outside, events = a_pool(), EventQueue()
    events.terminate()
    assert host.wait_for_session(IDLE, outside.services, events) is None
    assert outside.standbys.pool == {}


def test_a_ring_makes_it_find_what_it_was_given() -> None:
    outside, events = a_pool(), EventQueue()

    def give() -> None:
        while not outside.standbys.assign("standby-1", tenant="default", uid="uid", epoch=3):
            pass
        events.put(Rung())

    giver = threading.Thread(target=give)
    giver.start()
    given = host.wait_for_session(IDLE, outside.services, events)
    giver.join()
    assert given
    assert given.claim == SessionClaim("uid", "standby-1", 3)
    assert given.standby


def test_waiting_says_that_it_is_ready_and_alive() -> None:
    outside = a_pool()

    class Looked(EventQueue):
        def next(self, seconds: float) -> Happening | None:
            self.terminate()
            items.append(outside.standbys.pool["standby-1"])
            return super().next(seconds)

    items: list[Standby] = []
    host.wait_for_session(IDLE, outside.services, Looked())
    (item,) = items
    assert item.ready
    assert 0 < item.until - now() <= host.ALIVE_FOR


def test_what_it_lets_go_is_given_back() -> None:
    outside = a_pool()
    outside.standbys.renew("standby-1", until=now() + 60_000)
    outside.standbys.assign("standby-1", tenant="default", uid="uid", epoch=3)
    busy = Handover(Order("standby-1", "mailbox", "default", "ana", "uid", 3), standby=True, failures=2, took_over_at=1)
    assert host.give_back_session(busy, outside.services, EventQueue()) == IDLE
    assert outside.standbys.pool["standby-1"].uid is None
