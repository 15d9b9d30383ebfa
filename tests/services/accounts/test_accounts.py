from dataclasses import replace

import pytest
from msgspec import structs

from chalicelib.domain.access import (
    MOST_BY_ADDRESS,
    MOST_BY_NETWORK,
    MOST_BY_PAIR,
    MOST_BY_USER,
    WINDOW,
    Permission,
    Role,
    source,
)
from chalicelib.domain.errors import (
    Contended,
    Forbidden,
    InvalidCredentials,
    InvalidField,
    TooManyAttempts,
    Unauthenticated,
)
from tests.composition import Rig
from tests.fakes.accounts import PlainPasswords
from tests.makers import a_session


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
    for _ in range(MOST_BY_PAIR):
        with pytest.raises(InvalidCredentials):
            login(rig, "wrong")
    with pytest.raises(TooManyAttempts) as refusal:
        login(rig)
    assert refusal.value.retry_after
    assert login(rig, address="127.0.0.2").token
    rig.clock.now += WINDOW * 1000 + 1
    assert login(rig).token


def test_a_caller_with_a_network_of_addresses_is_one_caller(rig):
    for number in range(MOST_BY_PAIR):
        with pytest.raises(InvalidCredentials):
            login(rig, "wrong", address=f"2001:db8:1:2::{number}")
    with pytest.raises(TooManyAttempts):
        login(rig, address="2001:db8:1:2:3:4:5:6")
    assert login(rig, address="2001:db8:1:3::1").token


def test_a_right_guess_among_many_wrong_ones_of_the_same_moment_opens_nothing(rig):
    class WhileOthersGuess(PlainPasswords):
        def matches(self, password_hash: str, password: str) -> bool:
            for _ in range(MOST_BY_PAIR):
                rig.stores.attempts.failed(source("admin", "127.0.0.1"), now=rig.clock())
            return super().matches(password_hash, password)

    accounts = structs.replace(rig.accounts, passwords=WhileOthersGuess())
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
    tenant = rig.stores.tenants.get("default")
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
    rig.stores.sessions.rows[session.uid] = session
    principal = rig.accounts.authenticate(login(rig).token)
    other = replace(principal, name="other")
    rig.watching.connect("w1", principal, session="ana", dialect="enveloped")
    rig.watching.connect("w2", other, session="ana", dialect="enveloped")
    change(rig)
    assert rig.sockets.closed == ["w1"]
    assert list(rig.stores.watchers.rows) == ["w2"]


def test_a_wrong_old_password_is_told_as_such_and_counts_like_a_failed_login(rig):
    for _ in range(MOST_BY_PAIR):
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
    monkeypatch.setattr(rig.stores.users, "put", lambda _: False)
    with pytest.raises(Contended):
        change(rig)
    assert rig.accounts.authenticate(token)


@pytest.mark.parametrize("what", ["disabled", "suspended"])
def test_who_lost_access_is_told_so_only_with_the_right_password(rig, what):
    token = login(rig).token
    user = rig.stores.users.get("admin")
    rig.stores.users.rows["admin"] = replace(user, **{what: True})
    with pytest.raises(Forbidden):
        login(rig)
    with pytest.raises(InvalidCredentials):
        login(rig, "wrong")
    with pytest.raises(Unauthenticated):
        rig.accounts.authenticate(token)


def test_a_token_gives_the_role_that_its_user_has_now(rig):
    token = login(rig).token
    rig.stores.users.rows["admin"] = replace(rig.stores.users.get("admin"), role=Role.READ_ONLY)
    assert rig.accounts.authenticate(token).role is Role.READ_ONLY


def test_a_user_who_is_made_again_does_not_get_the_old_tokens_back(rig):
    token = login(rig).token
    del rig.stores.users.rows["admin"]
    rig.clock.now += 1
    rig.accounts.first_administrator("admin", "admin123", "default")
    with pytest.raises(Unauthenticated):
        rig.accounts.authenticate(token)


def test_a_login_brings_an_old_hash_up_to_date_and_ends_nothing(rig):
    rig.stores.users.rows["admin"] = replace(rig.stores.users.get("admin"), password_hash="old:admin123")
    token = login(rig).token
    user = rig.stores.users.get("admin")
    assert (user.password_hash, user.version) == ("plain:admin123", 1)
    assert rig.accounts.authenticate(token)


def guess(rig: Rig, name: str = "admin", address: str = "127.0.0.1") -> bool:
    """Whether a wrong guess was read at all."""
    try:
        login(rig, "wrong", name, address)
    except TooManyAttempts:
        return False
    except InvalidCredentials:
        return True
    raise AssertionError("the guess was right")


def test_sixty_networks_get_no_further_with_one_user_than_a_few_guesses(rig):
    read = [guess(rig, address=f"10.{number}.0.1") for number in range(60)]
    assert sum(read) == MOST_BY_USER
    with pytest.raises(TooManyAttempts):
        login(rig, address="10.200.0.1")


def test_one_address_gets_no_further_with_many_names_than_a_few_guesses(rig):
    assert sum(guess(rig, f"user{number}", "203.0.113.9") for number in range(150)) == MOST_BY_ADDRESS
    with pytest.raises(TooManyAttempts):
        login(rig, address="203.0.113.9")
    assert login(rig, address="203.0.113.10").token


@pytest.mark.parametrize("template", ["203.0.113.{}", "2001:db8:7:{}::1"])
def test_a_larger_network_s_addresses_are_counted_together(rig, template):
    read = [guess(rig, f"user{number}", template.format(number)) for number in range(150)]
    assert sum(read) == MOST_BY_NETWORK
    with pytest.raises(TooManyAttempts):
        login(rig, address=template.format(200))


def test_strangers_do_not_lock_a_user_out_where_it_has_logged_in_before(rig):
    assert login(rig, address="198.51.100.7").token
    # From everywhere, from next door, and from the user's own address under other names.
    for number in range(60):
        guess(rig, address=f"10.{number}.0.1")
        guess(rig, address=f"198.51.100.{number + 10}")
        guess(rig, f"user{number}", "198.51.100.7")
    assert login(rig, address="198.51.100.7").token
    with pytest.raises(TooManyAttempts):
        login(rig, address="192.0.2.1")
    rig.clock.now += WINDOW * 1000 + 1
    assert login(rig, address="192.0.2.1").token


def test_a_known_address_still_has_the_guesses_of_one_pair_alone(rig):
    assert login(rig).token
    assert sum(guess(rig) for _ in range(50)) == MOST_BY_PAIR


def test_guesses_at_a_user_do_not_keep_its_bearer_from_changing_the_password(rig):
    for number in range(60):
        guess(rig, address=f"10.{number}.0.1")
    assert change(rig, old="admin123", new="another one").token


def test_a_stolen_token_does_not_open_the_password_to_guesses_from_many_networks(rig):
    read = 0
    for number in range(60):
        try:
            rig.accounts.change_password("admin", "wrong", "another one", address=f"10.{number}.0.1")
        except InvalidCredentials:
            read += 1
        except TooManyAttempts:
            pass
    assert read == MOST_BY_USER


def test_a_new_password_from_an_administrator_forgives_what_was_guessed_at_the_old_one(rig):
    for number in range(60):
        guess(rig, address=f"10.{number}.0.1")
    rig.users.change("default", "admin", password="another one")
    assert login(rig, "another one", address="192.0.2.1").token


def test_a_right_guess_among_wrong_ones_from_many_networks_opens_nothing(rig):
    class WhileOthersGuess(PlainPasswords):
        def matches(self, password_hash: str, password: str) -> bool:
            for number in range(MOST_BY_USER):
                rig.stores.attempts.failed(source("admin", f"10.{number}.0.1"), now=rig.clock())
            return super().matches(password_hash, password)

    accounts = structs.replace(rig.accounts, passwords=WhileOthersGuess())
    with pytest.raises(TooManyAttempts):
        accounts.login("admin", "admin123", address="192.0.2.1")


def test_a_name_that_is_nobody_s_is_counted_like_any_other(rig):
    assert sum(guess(rig, "nobody", f"10.{number}.0.1") for number in range(60)) == MOST_BY_USER
