from dataclasses import replace

import pytest

from chalicelib.domain.errors import (
    Contended,
    Forbidden,
    InvalidCredentials,
    InvalidField,
    TooManyAttempts,
    Unauthenticated,
)
from chalicelib.domain.principal import Permission, Role
from chalicelib.services.accounts.accounts import MAX_FAILURES, WINDOW
from tests.fakes.accounts import PlainPasswords
from tests.makers import a_session
from tests.services.rig import Rig


@pytest.fixture
def rig():
    rig = Rig()
    rig.accounts.first_administrator("admin", "admin123", "default")
    return rig


def login(rig: Rig, password: str = "admin123", name: str = "admin", address: str = "127.0.0.1"):
    return rig.accounts.login(name, password, address=address)


def test_the_right_password_gives_a_token_that_names_its_bearer(rig):
    principal = rig.accounts.authenticate(login(rig).token)
    assert (principal.name, principal.tenant, principal.role) == ("admin", "default", Role.ADMIN)
    assert principal.may(Permission.SESSIONS_WRITE)


@pytest.mark.parametrize(("name", "password"), [("admin", "wrong"), ("nobody", "admin123"), ("nobody", "")])
def test_a_wrong_name_and_a_wrong_password_look_the_same(rig, name, password):
    with pytest.raises(InvalidCredentials) as refusal:
        login(rig, password, name)
    assert "user name or the password" in refusal.value.message


def test_too_many_failures_close_the_door_for_a_while_and_only_there(rig):
    for _ in range(MAX_FAILURES):
        with pytest.raises(InvalidCredentials):
            login(rig, "wrong")
    with pytest.raises(TooManyAttempts) as refusal:
        login(rig)
    assert refusal.value.retry_after
    assert login(rig, address="127.0.0.2").token
    rig.clock.now += WINDOW * 1000 + 1
    assert login(rig).token


def test_a_caller_with_a_network_of_addresses_is_one_caller(rig):
    for number in range(MAX_FAILURES):
        with pytest.raises(InvalidCredentials):
            login(rig, "wrong", address=f"2001:db8:1:2::{number}")
    with pytest.raises(TooManyAttempts):
        login(rig, address="2001:db8:1:2:3:4:5:6")
    assert login(rig, address="2001:db8:1:3::1").token


def test_a_right_guess_among_many_wrong_ones_of_the_same_moment_opens_nothing(rig):
    class WhileOthersGuess(PlainPasswords):
        def matches(self, password_hash: str, password: str) -> bool:
            for _ in range(MAX_FAILURES):
                rig.attempts.failed("admin@127.0.0.1", now=rig.clock())
            return super().matches(password_hash, password)

    accounts = replace(rig.accounts, passwords=WhileOthersGuess())
    with pytest.raises(TooManyAttempts):
        accounts.login("admin", "admin123", address="127.0.0.1")


def test_a_token_that_is_over_or_not_ours_is_refused(rig):
    token = login(rig).token
    rig.clock.now += 2 * 86_400_000
    for bad in (token, "nonsense", "a|b|no-such-role|9999999999999"):
        with pytest.raises(Unauthenticated):
            rig.accounts.authenticate(bad)


def test_an_administrator_is_created_once(rig):
    assert rig.accounts.first_administrator("admin", "another", "default") is False
    assert login(rig).user.role is Role.ADMIN


def test_callers_without_a_credential_are_nobody_unless_configured(rig):
    assert rig.accounts.anonymous() is None
    rig.allow_anonymous = True
    anonymous = rig.accounts.anonymous()
    assert anonymous is not None
    assert (anonymous.tenant, anonymous.role) == ("default", Role.MEMBER)


def test_a_first_administrator_comes_with_its_tenant(rig):
    tenant = rig.tenants.get("default")
    assert tenant
    assert tenant.admins == ("admin",)


def change(rig: Rig, old: str = "admin123", new: str = "another one"):
    return rig.accounts.change_password("admin", old, new, address="127.0.0.1")


def test_a_changed_password_ends_the_tokens_of_before_and_gives_one_of_after(rig):
    before = login(rig).token
    after = change(rig)
    with pytest.raises(Unauthenticated):
        rig.accounts.authenticate(before)
    assert rig.accounts.authenticate(after.token).name == "admin"
    assert login(rig, "another one").token
    with pytest.raises(InvalidCredentials):
        login(rig)


def test_a_changed_password_closes_the_watchers_of_before(rig):
    session = a_session()
    rig.store.rows[session.uid] = session
    principal = rig.accounts.authenticate(login(rig).token)
    other = replace(principal, name="other")
    rig.watching.connect("w1", principal, session="ana", dialect="enveloped")
    rig.watching.connect("w2", other, session="ana", dialect="enveloped")
    change(rig)
    assert rig.sockets.closed == ["w1"]
    assert list(rig.watchers.rows) == ["w2"]


def test_a_wrong_old_password_is_told_as_such_and_counts_like_a_failed_login(rig):
    for _ in range(MAX_FAILURES):
        with pytest.raises(InvalidCredentials) as refusal:
            change(rig, old="wrong")
        assert refusal.value.field == "old_password"
    for refused in (change, login):
        with pytest.raises(TooManyAttempts):
            refused(rig)


def test_the_old_password_is_no_new_one(rig):
    token = login(rig).token
    with pytest.raises(InvalidField) as refusal:
        change(rig, new="admin123")
    assert refusal.value.field == "new_password"
    assert rig.accounts.authenticate(token)


def test_a_change_over_another_one_changes_nothing(rig, monkeypatch):
    token = login(rig).token
    monkeypatch.setattr(rig.users, "put", lambda _: False)
    with pytest.raises(Contended):
        change(rig)
    assert rig.accounts.authenticate(token)


@pytest.mark.parametrize("what", ["disabled", "suspended"])
def test_who_lost_access_is_told_so_only_with_the_right_password(rig, what):
    token = login(rig).token
    user = rig.users.get("admin")
    rig.users.rows["admin"] = replace(user, **{what: True})
    with pytest.raises(Forbidden):
        login(rig)
    with pytest.raises(InvalidCredentials):
        login(rig, "wrong")
    with pytest.raises(Unauthenticated):
        rig.accounts.authenticate(token)


def test_a_token_gives_the_role_that_its_user_has_now(rig):
    token = login(rig).token
    rig.users.rows["admin"] = replace(rig.users.get("admin"), role=Role.READ_ONLY)
    assert rig.accounts.authenticate(token).role is Role.READ_ONLY


def test_a_user_who_is_made_again_does_not_get_the_old_tokens_back(rig):
    token = login(rig).token
    del rig.users.rows["admin"]
    rig.clock.now += 1
    rig.accounts.first_administrator("admin", "admin123", "default")
    with pytest.raises(Unauthenticated):
        rig.accounts.authenticate(token)


def test_a_login_brings_an_old_hash_up_to_date_and_ends_nothing(rig):
    rig.users.rows["admin"] = replace(rig.users.get("admin"), password_hash="old:admin123")
    token = login(rig).token
    user = rig.users.get("admin")
    assert (user.password_hash, user.version) == ("plain:admin123", 1)
    assert rig.accounts.authenticate(token)
