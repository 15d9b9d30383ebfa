from dataclasses import replace

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.errors import Contended, Forbidden, LastAdministrator, Unauthenticated, UserExists, UserNotFound
from tests.composition import Rig
from tests.makers import a_session


@pytest.fixture
def rig():
    rig = Rig()
    rig.accounts.first_administrator("admin", "admin123", "default")
    rig.users.register("default", "bo", "password", Role.MEMBER)
    return rig


def token(rig: Rig, name: str = "bo", password: str = "password") -> str:
    return rig.accounts.login(name, password, address="127.0.0.1").token


def ended(rig: Rig, given: str) -> bool:
    try:
        (rig.api_keys if given.startswith("sb_") else rig.accounts).authenticate(given)
    except Unauthenticated:
        return True
    return False


def watch(rig: Rig, given: str) -> None:
    session = a_session()
    rig.stores.sessions.rows[session.uid] = session
    rig.watching.connect("w1", rig.accounts.authenticate(given), session="ana", dialect="enveloped")


def admins(rig: Rig) -> tuple[str, ...]:
    tenant = rig.stores.tenants.get("default")
    assert tenant
    return tenant.admins


def test_a_registered_user_can_log_in(rig):
    assert rig.accounts.authenticate(token(rig)).role is Role.MEMBER


@pytest.mark.parametrize("tenant", ["default", "acme"])
def test_a_name_is_taken_once_in_all_tenants(rig, tenant):
    rig.tenants.create("acme", "Acme", admin="cleo", password="password")
    standing = dict(rig.stores.users.rows)
    with pytest.raises(UserExists) as refusal:
        rig.users.register(tenant, "bo", "another password", Role.ADMIN)
    assert refusal.value.field == "username"
    assert rig.stores.users.rows == standing
    assert admins(rig) == ("admin",)


def test_another_tenant_s_user_is_not_there(rig):
    rig.tenants.create("acme", "Acme", admin="cleo", password="password")
    for act in (rig.users.get, rig.users.change, rig.users.remove):
        with pytest.raises(UserNotFound):
            act("acme", "bo")
        with pytest.raises(UserNotFound):
            act("default", "nobody")
    assert [user.name for user in rig.users.page("default", limit=10, after=None)[0]] == ["admin", "bo"]


@pytest.mark.parametrize("change", [{"password": "another one"}, {"disabled": True}])
def test_another_password_or_the_loss_of_access_ends_tokens_and_watchers(rig, change):
    given = token(rig)
    watch(rig, given)
    rig.users.change("default", "bo", **change)
    assert ended(rig, given)
    assert rig.sockets.closed == ["w1"]
    assert not rig.stores.watchers.rows


def test_another_role_ends_nothing_and_holds_at_once_also_for_keys(rig):
    given, secret = token(rig), rig.api_keys.create("bo", session=None, lasts=None)[1]
    rig.users.change("default", "bo", role=Role.READ_ONLY)
    assert rig.accounts.authenticate(given).role is Role.READ_ONLY
    assert rig.api_keys.authenticate(secret).role is Role.READ_ONLY


def test_a_disabled_user_s_keys_are_gone_for_good_and_its_password_is_not(rig):
    secret = rig.api_keys.create("bo", session=None, lasts=None)[1]
    rig.users.change("default", "bo", disabled=True)
    assert ended(rig, secret)
    rig.users.change("default", "bo", disabled=False)
    assert ended(rig, secret)
    assert token(rig)


def test_a_removed_user_leaves_nothing_that_opens_a_door(rig):
    given, secret = token(rig), rig.api_keys.create("bo", session=None, lasts=None)[1]
    watch(rig, given)
    rig.users.remove("default", "bo")
    assert ended(rig, given)
    assert ended(rig, secret)
    assert rig.sockets.closed == ["w1"]
    with pytest.raises(UserNotFound):
        rig.users.get("default", "bo")


LOSSES = [{"role": Role.MEMBER}, {"disabled": True}, {"role": Role.READ_ONLY, "password": "another one"}, None]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_last_administrator_stays_with_nothing_changed(rig, loss):
    given, standing = token(rig, "admin", "admin123"), rig.users.get("default", "admin")
    with pytest.raises(LastAdministrator):
        rig.users.remove("default", "admin") if loss is None else rig.users.change("default", "admin", **loss)
    assert rig.users.get("default", "admin") == standing
    assert not ended(rig, given)


@pytest.mark.parametrize("loss", LOSSES)
def test_one_of_two_administrators_may_go_and_then_not_the_other(rig, loss):
    rig.users.change("default", "bo", role=Role.ADMIN)
    rig.users.remove("default", "admin") if loss is None else rig.users.change("default", "admin", **loss)
    assert admins(rig) == ("bo",)
    with pytest.raises(LastAdministrator):
        rig.users.change("default", "bo", disabled=True)


def test_two_administrators_who_remove_each_other_at_once_leave_one(rig, monkeypatch):
    rig.users.change("default", "bo", role=Role.ADMIN)
    put = rig.stores.tenants.put

    def other_first(tenant):
        monkeypatch.setattr(rig.stores.tenants, "put", put)
        rig.users.remove("default", "admin")
        return put(tenant)

    monkeypatch.setattr(rig.stores.tenants, "put", other_first)
    with pytest.raises(LastAdministrator):
        rig.users.remove("default", "bo")
    assert list(rig.stores.users.rows) == ["bo"]


def test_a_demotion_that_was_killed_halfway_is_finished_by_the_next(rig):
    rig.users.change("default", "bo", role=Role.ADMIN)
    tenant = rig.stores.tenants.get("default")
    rig.stores.tenants.rows["default"] = replace(tenant, admins=("admin",))
    assert rig.users.change("default", "bo", role=Role.MEMBER).role is Role.MEMBER
    assert admins(rig) == ("admin",)


def test_a_change_is_tried_again_over_another_one_of_the_same_moment(rig, monkeypatch):
    put = rig.stores.users.put

    def other_first(user):
        monkeypatch.setattr(rig.stores.users, "put", put)
        rig.users.change("default", "bo", role=Role.READ_ONLY)
        return put(user)

    monkeypatch.setattr(rig.stores.users, "put", other_first)
    changed = rig.users.change("default", "bo", disabled=True)
    assert (changed.role, changed.disabled) == (Role.READ_ONLY, True)


def test_a_change_that_never_gets_through_says_so(rig, monkeypatch):
    monkeypatch.setattr(rig.stores.users, "put", lambda _: False)
    with pytest.raises(Contended):
        rig.users.change("default", "bo", disabled=True)


def test_nobody_joins_a_tenant_that_was_disabled_meanwhile(rig, monkeypatch):
    rig.tenants.create("acme", "Acme", admin="cleo", password="password")
    add = rig.stores.users.add

    def disabled_meanwhile(user):
        monkeypatch.setattr(rig.stores.users, "add", add)
        rig.tenants.change("acme", name=None, disabled=True)
        return add(user)

    monkeypatch.setattr(rig.stores.users, "add", disabled_meanwhile)
    with pytest.raises(Forbidden):
        rig.users.register("acme", "dan", "password", Role.MEMBER)
    assert rig.stores.users.get("dan") is None
