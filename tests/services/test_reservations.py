"""Requests that create something, with an Idempotency-Key: once, however often they come."""

from dataclasses import replace

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.errors import (
    IdempotencyKeyReused,
    KeyNotFound,
    ResultGone,
    SessionDeleting,
    SessionExists,
    TenantExists,
    Unauthenticated,
    UserExists,
)
from chalicelib.domain.session import Desired, Session, Status
from chalicelib.services.reservations import Reservation
from tests.composition import Rig
from tests.makers import NOW, a_session

DAY = 86_400_000


@pytest.fixture
def rig():
    rig = Rig()
    rig.accounts.first_administrator("admin", "admin123", "default")
    return rig


def reserve(rig: Rig, key: str = "ana k", request: bytes = b"{}", tenant: str = "default") -> Reservation:
    return rig.reservations.reserve(tenant, key, request=request)


def fulfil(rig: Rig, made: Reservation, key: str = "ana k") -> None:
    rig.reservations.fulfil("default", key, made)


def create(rig: Rig, made: Reservation, session_id: str | None = "ana", url: str | None = None) -> Session:
    return rig.sessions.create(
        "default", session_id=session_id, phone=None, name="", webhook_url=url, enabled=True, start=True, made=made
    )


def test_all_requests_with_one_key_get_the_same_reservation(rig):
    first = reserve(rig)
    rig.clock.now += 5
    again = reserve(rig)
    assert again == first
    assert (first.at, first.made, len(first.entropy)) == (NOW, False, 32)
    fulfil(rig, first)
    assert reserve(rig) == replace(first, made=True)


@pytest.mark.parametrize("other", [{"key": "bo k"}, {"key": "ana K"}, {"tenant": "acme"}])
def test_a_key_is_its_caller_s_own(rig, other):
    first = reserve(rig)
    theirs = reserve(rig, **other, request=b"another")
    assert theirs.id != first.id
    assert theirs.entropy != first.entropy


def test_a_key_that_came_with_another_request_is_refused(rig):
    reserve(rig, request=b'{"password":"one"}')
    with pytest.raises(IdempotencyKeyReused):
        reserve(rig, request=b'{"password":"two"}')


def test_a_key_that_a_message_was_sent_with_creates_nothing(rig):
    rig.stores.idempotency.claim("default", "ana k", fingerprint="0" * 64, result="01M", now=NOW)
    with pytest.raises(IdempotencyKeyReused):
        reserve(rig)


def test_a_key_is_forgotten_after_a_day(rig):
    first = reserve(rig)
    rig.clock.now += DAY + 1000
    assert reserve(rig, request=b"another").id != first.id


def test_what_is_kept_tells_nothing_of_the_request(rig):
    password = b'{"password":"a password"}'
    made = reserve(rig, request=password)
    again = reserve(rig, key="ana l", request=password)
    (one, other) = rig.stores.idempotency.rows.values()
    assert one.fingerprint != other.fingerprint, "who sees both can't tell that the passwords are the same"
    assert "password" not in f"{rig.stores.idempotency.rows}"
    assert made.entropy.hex() not in f"{rig.stores.idempotency.rows} {made}"
    assert made.entropy != again.entropy


def test_a_key_outlives_a_change_of_the_signing_key_and_ends_with_its_own(rig):
    first = reserve(rig)
    rig.signing = {"k2": "another signing key of thirty-two bytes", **rig.signing}
    assert reserve(rig) == first
    assert reserve(rig, key="ana l").id != first.id
    rig.signing = {"k2": rig.signing["k2"]}
    with pytest.raises(IdempotencyKeyReused):
        reserve(rig)


def test_a_session_is_created_once_and_found_again(rig):
    made = reserve(rig)
    first = create(rig, made, None, "https://example.com/hook")
    assert (first.uid, first.id) == (made.id, made.id.lower())
    assert create(rig, made, None, "https://example.com/hook") == first, "cut short, or a twin"
    fulfil(rig, made)
    moved = rig.sessions.stop("default", first.id)
    assert create(rig, reserve(rig), None) == moved, "it isn't started again"
    assert len(rig.stores.sessions.rows) == 1


def test_a_session_of_somebody_else_s_making_is_in_the_way_as_ever(rig):
    rig.stores.sessions.create(a_session())
    with pytest.raises(SessionExists):
        create(rig, reserve(rig))


def test_a_session_that_was_deleted_since_is_not_created_again(rig):
    made = reserve(rig)
    session = create(rig, made)
    fulfil(rig, made)
    rig.stores.sessions.rows[session.uid] = replace(session, status=Status.DELETING, desired=Desired.DELETED)
    with pytest.raises(SessionDeleting):
        create(rig, reserve(rig))
    rig.stores.sessions.rows.clear()
    with pytest.raises(ResultGone):
        create(rig, reserve(rig))
    assert rig.stores.sessions.rows == {}


def register(rig: Rig, made: Reservation | None, role: Role = Role.ADMIN):
    return rig.users.register("default", "bo", "a password", role, made=made)


def test_a_user_is_created_once_and_found_again(rig):
    made = reserve(rig)
    first = register(rig, made)
    rig.clock.now += 5
    assert register(rig, made) == first
    fulfil(rig, made)
    changed = rig.users.change("default", "bo", role=Role.MEMBER)
    assert register(rig, reserve(rig)) == changed
    rig.users.remove("default", "bo")
    with pytest.raises(ResultGone):
        register(rig, reserve(rig))


def test_a_user_that_was_cut_short_is_finished(rig):
    made = reserve(rig)
    register(rig, made)
    (tenant,) = rig.stores.tenants.rows.values()
    rig.stores.tenants.rows["default"] = replace(tenant, admins=("admin",))
    register(rig, made)
    assert rig.stores.tenants.rows["default"].admins == ("admin", "bo")


@pytest.mark.parametrize("key", ["bo k", None])
def test_a_name_that_another_request_took_is_taken(rig, key):
    register(rig, reserve(rig))
    with pytest.raises(UserExists):
        register(rig, reserve(rig, key) if key else None)


def found(rig: Rig, made: Reservation | None, admin: str = "cleo"):
    return rig.tenants.create("acme", "Acme", admin=admin, password="a password", made=made)


def test_a_tenant_is_created_once_and_found_again(rig):
    made = reserve(rig)
    first = found(rig, made)
    assert found(rig, made) == first
    fulfil(rig, made)
    changed = rig.tenants.change("acme", name="Acme Ltd", disabled=None)
    assert found(rig, reserve(rig)) == changed
    with pytest.raises(TenantExists):
        found(rig, reserve(rig, "bo k"))


def test_a_tenant_without_its_administrator_gets_one_when_the_request_comes_again(rig):
    made = reserve(rig)
    found(rig, made)
    rig.stores.users.rows.pop("cleo")
    found(rig, made)
    assert rig.stores.users.rows["cleo"].tenant == "acme"


def make(rig: Rig, made: Reservation, session: str | None = None):
    return rig.api_keys.create("admin", session=session, lasts=DAY, made=made)


def test_an_api_key_is_made_once_and_its_secret_answered_again(rig):
    made = reserve(rig)
    key, secret = make(rig, made)
    rig.clock.now += 5
    assert make(rig, made) == (key, secret)
    fulfil(rig, made)
    assert make(rig, reserve(rig)) == (key, secret)
    assert rig.api_keys.authenticate(secret).key == key.id == made.id
    assert (key.created_at, key.expires_at) == (NOW, NOW + DAY)
    assert secret not in f"{rig.stores.api_keys.rows} {rig.stores.idempotency.rows} {made}"


def test_an_api_key_that_was_revoked_since_stays_so(rig):
    made = reserve(rig)
    key, secret = make(rig, made)
    fulfil(rig, made)
    rig.api_keys.revoke("default", key.id)
    with pytest.raises(ResultGone):
        make(rig, reserve(rig))
    with pytest.raises(Unauthenticated):
        rig.api_keys.authenticate(secret)
    with pytest.raises(KeyNotFound):
        rig.api_keys.revoke("default", key.id)
