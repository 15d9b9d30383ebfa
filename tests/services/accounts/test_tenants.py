from dataclasses import replace

import pytest

from chalicelib.domain.access import Role, Tenant
from chalicelib.domain.errors import Contended, Forbidden, TenantExists, TenantNotFound, Unauthenticated, UserExists
from chalicelib.domain.events import Stopped
from chalicelib.domain.session import Desired, Session, Status
from chalicelib.services.accounts.tenants import HALFWAY
from tests.composition import Rig
from tests.makers import DEVICE, a_running_session, a_session


@pytest.fixture
def rig():
    rig = Rig()
    rig.accounts.first_administrator("admin", "admin123", "default")
    rig.tenants.create("acme", "Acme", admin="cleo", password="password")
    return rig


def token(rig: Rig) -> str:
    return rig.accounts.login("cleo", "password", address="127.0.0.1").token


def test_a_tenant_comes_with_its_first_administrator(rig):
    principal = rig.accounts.authenticate(token(rig))
    assert (principal.tenant, principal.role) == ("acme", Role.ADMIN)
    assert rig.tenants.get("acme").name == "Acme"
    assert [tenant.id for tenant in rig.tenants.page(limit=10, after=None)[0]] == ["acme", "default"]


def test_an_id_is_taken_once_and_the_second_create_makes_no_user(rig):
    with pytest.raises(TenantExists):
        rig.tenants.create("acme", "Another", admin="dan", password="password")
    assert rig.stores.users.get("dan") is None


def test_a_tenant_whose_administrator_has_a_taken_name_is_not_made(rig):
    with pytest.raises(UserExists):
        rig.tenants.create("globex", "Globex", admin="cleo", password="password")
    with pytest.raises(TenantNotFound):
        rig.tenants.get("globex")


def test_a_create_that_was_killed_halfway_is_finished_by_a_later_one(rig):
    rig.stores.tenants.add(Tenant("globex", "Globex", rig.clock.now, ("dan",)))
    with pytest.raises(TenantExists):
        rig.tenants.create("globex", "Globex", admin="dan", password="password")
    rig.clock.now += HALFWAY + 1
    assert rig.tenants.create("globex", "Globex", admin="dan", password="password").admins == ("dan",)
    assert rig.accounts.login("dan", "password", address="127.0.0.1")


def test_a_disabled_tenant_s_people_and_keys_are_out_until_it_is_enabled_again(rig):
    session = a_session(tenant="acme")
    rig.stores.sessions.rows[session.uid] = session
    given, (key, secret) = token(rig), rig.api_keys.create("cleo", session=None, lasts=None)
    rig.watching.connect("w1", rig.accounts.authenticate(given), session="ana", dialect="enveloped")
    assert rig.tenants.change("acme", name=None, disabled=True).disabled
    for check in (lambda: rig.accounts.authenticate(given), lambda: rig.api_keys.authenticate(secret)):
        with pytest.raises(Unauthenticated):
            check()
    with pytest.raises(Forbidden):
        token(rig)
    assert rig.sockets.closed == ["w1"]
    rig.tenants.change("acme", name=None, disabled=False)
    assert rig.api_keys.authenticate(secret).key == key.id
    assert token(rig)
    with pytest.raises(Unauthenticated):
        rig.accounts.authenticate(given)


def test_enabling_a_tenant_enables_nobody_whom_its_administrator_disabled(rig):
    rig.users.register("acme", "dan", "password", Role.MEMBER)
    rig.users.change("acme", "dan", disabled=True)
    for disabled in (True, False):
        rig.tenants.change("acme", name=None, disabled=disabled)
    assert not rig.users.get("acme", "dan").active


def test_a_disabling_that_was_cut_short_is_finished_by_the_next(rig):
    given = token(rig)
    rig.stores.tenants.rows["acme"] = replace(rig.tenants.get("acme"), disabled=True, version=7)
    assert rig.accounts.authenticate(given)
    rig.tenants.change("acme", name=None, disabled=True)
    with pytest.raises(Unauthenticated):
        rig.accounts.authenticate(given)


def test_a_tenant_is_renamed_and_nothing_else(rig):
    given = token(rig)
    assert rig.tenants.change("acme", name="Acme Corp", disabled=None).name == "Acme Corp"
    assert rig.accounts.authenticate(given)


def test_the_operators_do_not_lock_themselves_out(rig):
    with pytest.raises(Forbidden):
        rig.tenants.change("default", name=None, disabled=True)
    assert not rig.tenants.get("default").disabled


def test_a_tenant_that_is_not_there_is_not_found(rig):
    with pytest.raises(TenantNotFound):
        rig.tenants.change("globex", name="x", disabled=None)


def kept(rig: Rig, *sessions: Session) -> None:
    for session in sessions:
        rig.stores.sessions.rows[session.uid] = session


def now(rig: Rig, uid: str) -> Session:
    session: Session = rig.stores.sessions.rows[uid]
    return session


def test_a_disabled_tenant_s_sessions_are_stopped_and_run_again_when_it_is_enabled(rig):
    running = [
        a_running_session(tenant="acme", id=f"s{number}", uid=f"s{number}", device=DEVICE) for number in range(120)
    ]
    resting = a_session(tenant="acme", id="resting", uid="resting")
    ours = a_running_session(tenant="default", uid="ours")
    kept(rig, *running, resting, ours)
    rig.tenants.change("acme", name=None, disabled=True)
    assert {now(rig, one.uid).desired for one in running} == {Desired.STOPPED}
    assert (now(rig, "resting").desired, now(rig, "ours")) == (resting.desired, ours)
    for one in running:
        rig.reports.report(Stopped(), uid=one.uid, worker=one.worker, epoch=1)
    rig.tenants.change("acme", name=None, disabled=False)
    assert {now(rig, one.uid).desired for one in running} == {Desired.RUNNING}
    assert {now(rig, one.uid).answered for one in running} == {False}
    assert now(rig, "resting").status is Status.CREATED
    assert not any(session.suspended for session in rig.stores.sessions.rows.values())


def test_renaming_a_tenant_touches_no_session(rig):
    session = a_running_session(tenant="acme")
    kept(rig, session)
    rig.tenants.change("acme", name="Acme Corp", disabled=None)
    rig.tenants.change("acme", name=None, disabled=False)
    assert now(rig, session.uid) == session


def test_a_session_that_is_being_removed_is_removed_all_the_same(rig):
    session = a_running_session(tenant="acme", desired=Desired.DELETED, status=Status.DELETING)
    kept(rig, session)
    rig.tenants.change("acme", name=None, disabled=True)
    assert now(rig, session.uid) == session


def test_stopping_that_was_cut_short_is_finished_by_the_next_call(rig, monkeypatch):
    sessions = [a_running_session(tenant="acme", id=f"s{number}", uid=f"s{number}") for number in range(3)]
    kept(rig, *sessions)
    monkeypatch.setattr(rig.stores.sessions, "move", lambda _, **__: False)
    with pytest.raises(Contended):
        rig.tenants.change("acme", name=None, disabled=True)
    monkeypatch.undo()
    rig.tenants.change("acme", name=None, disabled=True)
    assert {session.desired for session in rig.stores.sessions.rows.values()} == {Desired.STOPPED}


def test_no_worker_is_started_for_a_disabled_tenant_whatever_was_missed(rig):
    rig.tenants.change("acme", name=None, disabled=True)
    missed = a_session(tenant="acme", desired=Desired.RUNNING, generation=1)
    kept(rig, missed)
    rig.reconciler.reconcile(missed.uid)
    assert rig.workers.started == []
    stands = now(rig, missed.uid)
    assert (stands.desired, stands.suspended, stands.epoch) == (Desired.STOPPED, True, 0)
    rig.tenants.change("acme", name=None, disabled=False)
    rig.reconciler.reconcile(missed.uid)
    assert [order.uid for order in rig.workers.started] == [missed.uid]


def test_a_disabled_tenant_s_session_is_still_unlinked_and_removed_as_asked_before(rig):
    wanted = a_session(tenant="acme", desired=Desired.UNLINKED, generation=1, device=DEVICE, status=Status.STOPPED)
    kept(rig, wanted)
    rig.tenants.change("acme", name=None, disabled=True)
    rig.reconciler.reconcile(wanted.uid)
    assert [order.uid for order in rig.workers.started] == [wanted.uid]
