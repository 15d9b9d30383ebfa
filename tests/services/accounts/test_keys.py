from dataclasses import replace

import pytest

from chalicelib.domain.access import MOST_KEYS, Permission, Role
from chalicelib.domain.errors import Forbidden, KeyNotFound, TooManyKeys, Unauthenticated
from chalicelib.services.accounts.keys import FRESH
from chalicelib.services.ports import Unavailable
from tests.composition import Rig

DAY = 86_400_000


@pytest.fixture
def rig():
    rig = Rig()
    rig.accounts.first_administrator("admin", "admin123", "default")
    return rig


def a_key(rig: Rig, session=None, lasts=None, owner="admin", role=None):
    return rig.api_keys.create(owner, session=session, lasts=lasts, role=role)


def test_a_key_calls_with_its_owner_s_role_less_what_no_key_may(rig):
    key, secret = a_key(rig)
    caller = rig.api_keys.authenticate(secret)
    assert (caller.tenant, caller.role, caller.key, caller.session) == ("default", Role.ADMIN, key.id, None)
    assert caller.may(Permission.MESSAGES_SEND)
    assert not caller.may(Permission.USERS_MANAGE)
    assert not caller.may(Permission.ACCOUNT_OWN)


def test_a_key_that_is_made_with_a_role_calls_with_that(rig):
    key, secret = a_key(rig, role=Role.READ_ONLY)
    caller = rig.api_keys.authenticate(secret)
    assert (key.role, key.max_role, caller.role) == (Role.READ_ONLY,) * 3
    assert caller.may(Permission.SESSIONS_READ)
    assert not caller.may(Permission.MESSAGES_SEND)
    assert not caller.may(Permission.SESSIONS_LINK)


@pytest.mark.parametrize(("own", "too_high"), [(Role.MEMBER, Role.ADMIN), (Role.READ_ONLY, Role.MEMBER)])
def test_nobody_makes_a_key_that_may_do_more_than_its_owner(rig, own, too_high):
    rig.users.register("default", "bo", "password", own)
    with pytest.raises(Forbidden) as refusal:
        a_key(rig, owner="bo", role=too_high)
    assert refusal.value.field == "role"
    assert rig.api_keys.mine("bo") == []
    assert a_key(rig, owner="bo", role=own)[0].role is own


def test_whatever_becomes_of_its_owner_a_key_has_the_lesser_of_the_two_roles(rig):
    rig.users.register("default", "bo", "password", Role.ADMIN)
    limited, follower = a_key(rig, owner="bo", role=Role.MEMBER)[1], a_key(rig, owner="bo")[1]
    held = []
    for role in (Role.READ_ONLY, Role.MEMBER, Role.ADMIN):
        rig.users.change("default", "bo", role=role)
        held.append((rig.api_keys.authenticate(limited).role, rig.api_keys.authenticate(follower).role))
    assert held == [(Role.READ_ONLY, Role.READ_ONLY), (Role.MEMBER, Role.MEMBER), (Role.MEMBER, Role.ADMIN)]


def test_the_watchers_of_a_key_stay_while_its_owner_s_role_changes_above_its_own(rig):
    rig.users.register("default", "bo", "password", Role.ADMIN)
    _, secret = a_key(rig, owner="bo", role=Role.READ_ONLY)
    rig.subscriptions.connect("w1", rig.api_keys.authenticate(secret), dialect="native")
    rig.users.change("default", "bo", role=Role.MEMBER)
    assert rig.stores.watchers.get("w1")
    rig.users.change("default", "bo", disabled=True)
    assert rig.stores.watchers.get("w1") is None


def test_a_key_made_with_a_role_while_its_owner_lost_its_own_has_no_more_than_its_owner(rig, monkeypatch):
    rig.users.register("default", "bo", "password", Role.MEMBER)
    add = rig.stores.api_keys.add

    def demoted_meanwhile(key):
        rig.users.change("default", "bo", role=Role.READ_ONLY)
        add(key)

    monkeypatch.setattr(rig.stores.api_keys, "add", demoted_meanwhile)
    _, secret = a_key(rig, owner="bo", role=Role.MEMBER)
    assert rig.api_keys.authenticate(secret).role is Role.READ_ONLY


def test_nothing_kept_or_shown_has_the_secret_in_it(rig):
    key, secret = a_key(rig)
    kept = f"{rig.stores.api_keys.rows} {key} {rig.api_keys.mine('admin')} {rig.api_keys.authenticate(secret)}"
    assert secret not in kept
    assert secret.removeprefix("sb_") not in kept


def test_a_bound_key_names_its_session(rig):
    assert rig.api_keys.authenticate(a_key(rig, session="ana")[1]).session == "ana"


@pytest.mark.parametrize("bad", ["", "sb_", "sb_x", "sb_" + "x" * 43, "sb_" + "x" * 44, "xx_" + "0" * 43])
def test_what_is_no_key_opens_nothing(rig, bad):
    a_key(rig)
    with pytest.raises(Unauthenticated):
        rig.api_keys.authenticate(bad)


def test_a_key_ends_when_it_was_made_to(rig):
    _, secret = a_key(rig, lasts=DAY)
    rig.clock.now += DAY - 1
    assert rig.api_keys.authenticate(secret).expires_at == rig.clock.now + 1
    rig.clock.now += 1
    with pytest.raises(Unauthenticated):
        rig.api_keys.authenticate(secret)


def test_a_revoked_key_ends_at_once_and_its_watchers_with_it(rig):
    key, secret = a_key(rig)
    rig.api_keys.revoke("default", key.id)
    with pytest.raises(Unauthenticated):
        rig.api_keys.authenticate(secret)
    with pytest.raises(KeyNotFound):
        rig.api_keys.revoke("default", key.id)


def test_a_key_is_revoked_by_its_owner_or_its_administrators_alone(rig):
    key, secret = a_key(rig)
    for tenant, owner in (("other", None), ("other", "admin"), ("default", "somebody")):
        with pytest.raises(KeyNotFound):
            rig.api_keys.revoke(tenant, key.id, owner=owner)
    assert rig.api_keys.authenticate(secret)
    rig.api_keys.revoke("default", key.id, owner="admin")


def test_its_use_is_noted_once_a_minute(rig):
    _, secret = a_key(rig)
    begun = rig.clock.now
    rig.api_keys.authenticate(secret)
    rig.clock.now += FRESH - 1
    rig.api_keys.authenticate(secret)
    assert rig.api_keys.mine("admin")[0].last_used == begun
    rig.clock.now += 1
    rig.api_keys.authenticate(secret)
    assert rig.api_keys.mine("admin")[0].last_used == begun + FRESH


def test_a_use_that_cannot_be_noted_is_none_the_less_good(rig, monkeypatch):
    _, secret = a_key(rig)

    def throttled(key, *, now):
        raise Unavailable("throttled")

    monkeypatch.setattr(rig.stores.api_keys, "touch", throttled)
    assert rig.api_keys.authenticate(secret)


def test_a_user_has_so_many_keys_and_no_more(rig):
    for _ in range(MOST_KEYS):
        a_key(rig)
    with pytest.raises(TooManyKeys):
        a_key(rig)
    assert len(rig.api_keys.mine("admin")) == MOST_KEYS
    assert rig.api_keys.revoke_all("admin") == MOST_KEYS
    assert a_key(rig)


def test_nobody_makes_a_key_for_a_user_without_access(rig):
    rig.stores.users.rows["admin"] = replace(rig.stores.users.get("admin"), disabled=True)
    for owner in ("admin", "nobody"):
        with pytest.raises(Forbidden):
            a_key(rig, owner=owner)


def test_a_key_made_while_its_owner_lost_access_opens_nothing(rig, monkeypatch):
    add = rig.stores.api_keys.add

    def disabled_meanwhile(key):
        rig.stores.users.rows["admin"] = replace(rig.stores.users.get("admin"), disabled=True)
        rig.api_keys.follow("admin")
        add(key)

    monkeypatch.setattr(rig.stores.api_keys, "add", disabled_meanwhile)
    _, secret = a_key(rig)
    with pytest.raises(Unauthenticated):
        rig.api_keys.authenticate(secret)


def test_keys_are_listed_for_their_owner_and_their_tenant(rig):
    rig.users.register("default", "bo", "password", Role.MEMBER)
    rig.tenants.create("acme", "Acme", admin="cleo", password="password")
    keys = [a_key(rig, owner=owner)[0] for owner in ("admin", "bo", "admin", "cleo")]
    assert list(rig.api_keys.mine("admin")) == [keys[0], keys[2]]
    page, after = rig.api_keys.page("default", limit=2, after=None)
    assert page == keys[:2]
    assert rig.api_keys.page("default", limit=2, after=after) == ([keys[2]], None)
