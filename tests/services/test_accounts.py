import pytest

from chalicelib.domain.errors import InvalidCredentials, TooManyAttempts, Unauthenticated
from chalicelib.domain.principal import Permission, Role
from chalicelib.services.accounts import MAX_FAILURES, WINDOW
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
