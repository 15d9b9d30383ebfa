"""Where ECS has no room for a worker: what is tried instead, and when again."""

from dataclasses import replace

import pytest

from chalicelib.domain.reconcile import LAUNCH_TIMEOUT, MAX_ATTEMPTS
from chalicelib.domain.session import Desired, Reason, Session, Status
from chalicelib.services.ports import NoCapacity, NoSpotCapacity
from tests.composition import Rig
from tests.makers import NOW, a_session


@pytest.fixture
def rig():
    rig = Rig()
    wanted = a_session(desired=Desired.RUNNING, generation=1)
    rig.stores.sessions.rows[wanted.uid] = wanted
    return rig


def reconcile(rig: Rig) -> Session:
    (session,) = rig.stores.sessions.rows.values()
    rig.reconciler.reconcile(session.uid)
    return rig.stores.sessions.rows[session.uid]


def ended(rig: Rig, refusal: NoCapacity) -> Session:
    """What ECS tells of a task that it took, and then found no room for."""
    (session,) = rig.stores.sessions.rows.values()
    rig.reconciler.worker_ended(
        session.worker or "", uid=session.uid, epoch=session.epoch, mailbox=session.mailbox, refusal=refusal
    )
    return rig.stores.sessions.rows[session.uid]


def orders(rig: Rig) -> list[tuple[int, bool]]:
    return [(order.refusals, order.on_demand) for order in rig.workers.started]


def test_no_room_is_said_and_tried_again_later(rig):
    rig.workers.full = True
    refused = reconcile(rig)
    assert (refused.status, refused.reason) == (Status.STARTING, Reason.NO_CAPACITY)
    assert refused.next_at is not None
    reconcile(rig)
    assert rig.wakes.jobs[-1] == ("reconcile", refused.uid, (refused.next_at - NOW) / 1000)
    rig.workers.full = False
    rig.clock.now = refused.next_at
    assert reconcile(rig).next_at is None
    assert orders(rig) == [(1, False)]


def test_where_spot_has_no_room_a_worker_is_started_on_demand_at_once(rig):
    rig.workers.spot_full = True
    refused = reconcile(rig)
    assert (refused.reason, refused.next_at) == (Reason.NO_SPOT_CAPACITY, NOW)
    assert reconcile(rig).status is Status.STARTING
    assert orders(rig) == [(1, True)]


def test_where_nobody_may_fall_back_spot_is_waited_for(rig):
    rig.workers.spot_full, rig.spot_fallback = True, False
    refused = reconcile(rig)
    assert refused.reason == Reason.NO_CAPACITY
    rig.clock.now = refused.next_at or 0
    rig.workers.spot_full = False
    reconcile(rig)
    assert orders(rig) == [(1, False)]


def test_where_there_is_no_room_at_all_it_is_tried_later_and_later(rig):
    rig.workers.full = True
    waits = []
    for _ in range(12):
        refused = reconcile(rig)
        waits.append(((refused.next_at or 0) - rig.clock.now) / 1000)
        rig.clock.now = refused.next_at or 0
    usual = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert all(0.5 * one <= wait < 1.5 * one for one, wait in zip(usual, waits, strict=True))


def test_room_that_came_after_hours_is_used_by_the_worker_it_was_found_for(rig):
    rig.workers.full = True
    for _ in range(MAX_ATTEMPTS * 3):
        rig.clock.now = reconcile(rig).next_at or 0
    rig.workers.full = False
    launched = reconcile(rig)
    rig.clock.now += LAUNCH_TIMEOUT - 1
    assert reconcile(rig) == launched, "its task gets the time that every task gets"
    assert (launched.status, launched.epoch, len(rig.workers.started)) == (Status.STARTING, 1, 1)


def test_a_new_claim_tries_spot_first(rig):
    rig.workers.spot_full = True
    reconcile(rig)
    first = reconcile(rig)
    rig.workers.spot_full = False
    rig.reconciler.worker_ended(first.worker or "", uid=first.uid, epoch=first.epoch, mailbox=first.mailbox)
    rig.clock.now += 300_000
    assert reconcile(rig).epoch == 2
    assert orders(rig) == [(1, True), (0, False)]


def test_a_refusal_that_is_told_by_the_task_s_end_is_one_like_any_other(rig):
    claimed = reconcile(rig)
    refused = ended(rig, NoSpotCapacity("Capacity is unavailable at this time."))
    assert (refused.reason, refused.epoch) == (Reason.NO_SPOT_CAPACITY, claimed.epoch)
    assert ended(rig, NoSpotCapacity("Capacity is unavailable at this time.")) == refused, "told twice"
    reconcile(rig)
    assert orders(rig) == [(0, False), (1, True)]
    assert claimed.mailbox in rig.mailboxes.there
    started = rig.stores.sessions.rows[claimed.uid]
    assert ended(rig, NoSpotCapacity("Capacity is unavailable at this time.")) == started, "told late"


def test_an_older_worker_s_late_refusal_does_not_touch_its_successor(rig):
    claimed = reconcile(rig)
    successor = replace(claimed, worker="w-2", epoch=2)
    rig.stores.sessions.rows[claimed.uid] = successor
    rig.reconciler.worker_ended(
        claimed.worker or "", uid=claimed.uid, epoch=1, mailbox=None, refusal=NoCapacity("Capacity is unavailable")
    )
    assert rig.stores.sessions.rows[claimed.uid] == successor


@pytest.mark.parametrize(("falls_back", "started"), [(True, [(1, True)]), (False, [])])
def test_a_standby_is_started_on_demand_too(rig, falls_back, started):
    rig.workers.spot_full, rig.spot_fallback, rig.standby_min = True, falls_back, 1
    rig.standbys.fill()
    assert orders(rig) == started
    assert len(rig.stores.standbys.all()) == len(started)
