"""What a tenant may have, and no more of it: counted without a gap, and given back when it is used no more."""

from dataclasses import replace

import pytest

from chalicelib.domain.access import MOST_KEYS, ApiKey, Role
from chalicelib.domain.errors import (
    KeyQuotaExceeded,
    SessionExists,
    SessionQuotaExceeded,
    TooManyKeys,
    UserQuotaExceeded,
    WorkerQuotaExceeded,
)
from chalicelib.domain.events import Erased, Stopped, TenantEnabled
from chalicelib.domain.limits import Quotas
from chalicelib.domain.session import Desired, Session, Status
from chalicelib.services.sessions.running import HALFWAY
from tests.composition import Rig
from tests.makers import NOW, a_running_session


@pytest.fixture
def rig():
    rig = Rig(quotas=Quotas(sessions=3, users=3, keys=3, workers=2))
    rig.accounts.first_administrator("admin", "admin123", "default")
    return rig


def create(rig: Rig, name: str, *, tenant: str = "default", start: bool = False) -> Session:
    session: Session = rig.sessions.create(
        tenant, session_id=name, phone=None, name="", webhook_url=None, enabled=True, start=start
    )
    return session


def held(rig: Rig, tenant: str = "default") -> set[str]:
    return {slot.uid for slot in rig.stores.slots.held(tenant, most=100)}


def test_a_tenant_has_as_many_sessions_as_it_may_and_others_have_theirs(rig):
    for name in ("a", "b", "c"):
        create(rig, name)
    with pytest.raises(SessionQuotaExceeded):
        create(rig, "d")
    with pytest.raises(SessionExists):
        create(rig, "a")
    create(rig, "d", tenant="acme")
    rig.stores.sessions.rows.pop(rig.sessions.get("default", "a").uid)
    assert create(rig, "d").id == "d"


def test_a_tenant_has_as_many_users_as_it_may(rig):
    for name in ("bo", "cy"):
        rig.users.register("default", name, "a password", Role.MEMBER)
    with pytest.raises(UserQuotaExceeded):
        rig.users.register("default", "di", "a password", Role.MEMBER)
    assert rig.stores.users.get("di") is None
    rig.users.remove("default", "cy")
    assert rig.users.register("default", "di", "a password", Role.MEMBER).name == "di"


def test_a_tenant_has_as_many_keys_as_it_may_whoever_makes_them(rig):
    rig.users.register("default", "bo", "a password", Role.MEMBER)
    secrets = [rig.api_keys.create(owner, session=None, lasts=None) for owner in ("admin", "bo", "bo")]
    with pytest.raises(KeyQuotaExceeded):
        rig.api_keys.create("admin", session=None, lasts=None)
    assert len(rig.stores.api_keys.rows) == 3
    rig.api_keys.revoke("default", secrets[0][0].id)
    rig.api_keys.create("admin", session=None, lasts=None)


def test_of_keys_that_a_user_makes_at_the_same_moment_none_is_too_many(rig, monkeypatch):
    rig.quotas = Quotas()
    for number in range(MOST_KEYS - 1):
        rig.stores.api_keys.add(ApiKey(f"01K{number:03}", f"f{number}", "default", "admin", Role.ADMIN, NOW))
    add, others = rig.stores.api_keys.add, [1]

    def another_first(key: ApiKey) -> None:
        if others:
            others.pop()
            rig.api_keys.create("admin", session=None, lasts=None)
        add(key)

    monkeypatch.setattr(rig.stores.api_keys, "add", another_first)
    with pytest.raises(TooManyKeys):
        rig.api_keys.create("admin", session=None, lasts=None)
    assert len(rig.stores.api_keys.of_owner("admin")) == MOST_KEYS


def test_as_many_sessions_run_as_may_and_another_is_started_when_one_has_come_to_rest(rig):
    for name in ("a", "b", "c"):
        create(rig, name)
    running = [rig.sessions.start("default", name) for name in ("a", "b")]
    with pytest.raises(WorkerQuotaExceeded):
        rig.sessions.start("default", "c")
    assert rig.sessions.get("default", "c").desired is Desired.STOPPED
    for session in running:
        rig.reconciler.reconcile(session.uid)
    assert held(rig) == {session.uid for session in running}
    # Started already: it is no other one.
    assert rig.sessions.start("default", "a").desired is Desired.RUNNING
    served = rig.stores.sessions.rows[running[0].uid]
    rig.clock.now += 5_000
    rig.sessions.stop("default", "a")
    rig.reports.report(Stopped(), uid=served.uid, worker=served.worker, epoch=served.epoch)
    rig.reconciler.reconcile(served.uid)
    assert rig.sessions.start("default", "c").desired is Desired.RUNNING


def test_a_session_that_is_created_to_run_counts_from_the_beginning(rig):
    create(rig, "a", start=True)
    create(rig, "b", start=True)
    with pytest.raises(WorkerQuotaExceeded):
        create(rig, "c", start=True)
    assert len(rig.stores.sessions.rows) == len(held(rig)) == 2
    # One that is there is found, whether or not there is room for another.
    with pytest.raises(SessionExists):
        create(rig, "a", start=True)


def test_a_session_that_there_is_no_room_for_holds_no_slot(rig):
    rig.quotas = Quotas(sessions=1, workers=5)
    create(rig, "a")
    with pytest.raises(SessionQuotaExceeded):
        create(rig, "b", start=True)
    assert held(rig) == set()


def test_a_session_that_is_stopped_before_it_had_a_worker_holds_no_slot(rig):
    session = create(rig, "a", start=True)
    rig.sessions.stop("default", "a")
    for _ in range(2):
        rig.reconciler.reconcile(session.uid)
    assert (rig.stores.sessions.rows[session.uid].status, rig.stores.sessions.rows[session.uid].epoch) == (
        Status.STOPPED,
        0,
    )
    assert held(rig) == set()


def test_with_a_session_goes_its_slot(rig):
    session = create(rig, "a", start=True)
    rig.reconciler.reconcile(session.uid)
    rig.sessions.delete("default", "a")
    stands = rig.stores.sessions.rows[session.uid]
    rig.reports.report(Erased(), uid=session.uid, worker=stands.worker, epoch=stands.epoch)
    rig.reconciler.reconcile(session.uid)
    assert session.uid not in rig.stores.sessions.rows
    assert held(rig) == set()


def test_a_late_look_at_a_rest_takes_no_slot_from_the_start_that_followed(rig):
    session = a_running_session(status=Status.STOPPED, observed_generation=1, since=NOW)
    rig.stores.sessions.rows[session.uid] = session
    rig.clock.now += 1
    rig.running.take("default", session.uid)
    rig.running.free(session)
    assert held(rig) == {session.uid}


def test_a_session_that_ran_before_its_tenant_was_disabled_runs_again_whatever_the_quota(rig):
    rig.quotas = Quotas(workers=1)
    create(rig, "a", start=True)
    resumed = a_running_session(id="b", uid="b", status=Status.STOPPED, suspended=True, resumes=True)
    rig.stores.sessions.rows["b"] = replace(resumed, desired=Desired.STOPPED)
    rig.moves.move(lambda: rig.stores.sessions.get("b"), lambda _: TenantEnabled())
    rig.reconciler.reconcile("b")
    assert [order.uid for order in rig.workers.started] == ["b"]
    assert "b" in held(rig)


def test_one_that_its_owner_restarts_before_it_has_its_worker_again_has_its_slot(rig):
    resumed = a_running_session(id="b", uid="b", status=Status.STOPPED, suspended=True, resumes=True)
    rig.stores.sessions.rows["b"] = replace(resumed, desired=Desired.STOPPED)
    rig.moves.move(lambda: rig.stores.sessions.get("b"), lambda _: TenantEnabled())
    rig.sessions.restart("default", "b")
    rig.reconciler.reconcile("b")
    assert [order.uid for order in rig.workers.started] == ["b"]
    assert held(rig) == {"b"}


def test_slots_of_starts_that_were_killed_halfway_are_found_when_they_are_missed(rig):
    for uid in ("killed-1", "killed-2"):
        rig.stores.slots.hold("default", uid, now=NOW)
    create(rig, "a")
    with pytest.raises(WorkerQuotaExceeded):
        rig.sessions.start("default", "a")
    rig.clock.now += HALFWAY + 1
    started = rig.sessions.start("default", "a")
    assert held(rig) == {started.uid}


def test_without_a_quota_nothing_is_counted(rig):
    rig.quotas = Quotas()
    for number in range(10):
        create(rig, f"s{number}", start=True)
        rig.users.register("default", f"u{number}", "a password", Role.MEMBER)
    assert held(rig) == set()
