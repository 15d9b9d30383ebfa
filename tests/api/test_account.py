"""A user's own account: its password, its keys, and the making of users."""

import pytest

from chalicelib.api.enveloped.requests import LONGEST, LONGEST_LIFE, SHORTEST
from chalicelib.domain.access import Role
from tests.api.conftest import Caller, World


@pytest.fixture
def admin(world: World, nobody: Caller) -> Caller:
    """The administrator whose password is known."""
    token = nobody("POST", "/api/auth/login", {"username": "admin", "password": "admin123"}).json["data"]["token"]
    return Caller(nobody.client, token)


def test_a_password_is_changed_for_one_login_and_every_token_of_before(
    world: World, nobody: Caller, admin: Caller
) -> None:
    body = {"old_password": "admin123", "new_password": "another one"}
    answer = admin("POST", "/api/auth/change-password", body)
    assert (answer.status, answer.json["message"]) == (200, "Password changed")
    assert admin("GET", "/api/sessions").status == 401
    assert Caller(nobody.client, answer.json["data"]["token"])("GET", "/api/sessions").status == 200
    assert nobody("POST", "/api/auth/login", {"username": "admin", "password": "admin123"}).status == 401


def test_a_wrong_old_password_changes_nothing(world: World, admin: Caller) -> None:
    answer = admin("POST", "/api/auth/change-password", {"old_password": "x", "new_password": "another one"})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (401, "INVALID_CREDENTIALS", "old_password")
    assert admin("GET", "/api/sessions").status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "old_password"),
        ({"old_password": "admin123"}, "new_password"),
        ({"old_password": "admin123", "new_password": "x" * (SHORTEST - 1)}, "new_password"),
        ({"old_password": "admin123", "new_password": "x" * (LONGEST + 1)}, "new_password"),
        ({"old_password": "admin123", "new_password": "admin123"}, "new_password"),
        ({"old_password": 1, "new_password": "another one"}, "old_password"),
    ],
)
def test_a_bad_change_of_password_is_refused_by_field(admin: Caller, body: dict[str, object], field: str) -> None:
    answer = admin("POST", "/api/auth/change-password", body)
    assert (answer.status, answer.json["field"]) == (400, field)
    assert admin("GET", "/api/sessions").status == 200


def test_a_registered_user_logs_in_to_the_same_tenant(nobody: Caller, admin: Caller) -> None:
    answer = admin("POST", "/api/auth/register", {"username": "bo", "password": "a password", "role": "user"})
    assert answer.status == 201
    assert answer.json["data"]["user"]["role"] == answer.json["data"]["role"] == "member"
    assert "password" not in answer.json["data"]
    login = nobody("POST", "/api/auth/login", {"username": "bo", "password": "a password"}).json["data"]
    assert (login["user"]["username"], login["user"]["tenant"]) == ("bo", "default")


def test_a_user_is_registered_once(world: World, admin: Caller) -> None:
    body = {"username": "bo", "password": "a password"}
    assert admin("POST", "/api/auth/register", body).status == 201
    again = admin("POST", "/api/auth/register", body | {"role": "admin"})
    assert (again.status, again.json["code"], again.json["field"]) == (409, "USER_EXISTS", "username")
    assert world.stores.users.rows["bo"].role is Role.MEMBER


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": "a password"}, "username"),
        ({"username": "", "password": "a password"}, "username"),
        ({"username": "a b", "password": "a password"}, "username"),
        ({"username": "a:b", "password": "a password"}, "username"),
        ({"username": "x" * 65, "password": "a password"}, "username"),
        ({"username": "bo"}, "password"),
        ({"username": "bo", "password": "short"}, "password"),
        ({"username": "bo", "password": "a password", "role": "king"}, "role"),
        ({"username": "bo", "password": "a password", "role": None}, "role"),
    ],
)
def test_a_bad_user_is_refused_by_field_and_not_made(
    world: World, admin: Caller, body: dict[str, object], field: str
) -> None:
    standing = dict(world.stores.users.rows)
    answer = admin("POST", "/api/auth/register", body)
    assert (answer.status, answer.json["field"]) == (400, field)
    assert world.stores.users.rows == standing


def test_a_key_is_shown_once_and_works_until_it_is_revoked(nobody: Caller, admin: Caller) -> None:
    made = admin("POST", "/api/auth/api-key", {"expires_in_days": 90})
    assert (made.status, made.json["data"]["success"]) == (201, True)
    secret = made.json["data"]["api_key"]
    assert secret.startswith("sb_")
    assert Caller(nobody.client, secret)("GET", "/api/sessions").status == 200
    told = admin("GET", "/api/auth/api-key")
    assert secret.encode() not in told.content
    data = told.json["data"]
    assert (data["has_key"], len(data["keys"]), data["keys"][0]["username"]) == (True, 1, "admin")
    assert data["last_used"]
    assert data["created_at"]
    assert admin("DELETE", "/api/auth/api-key").json["data"] == {"revoked": 1}
    assert Caller(nobody.client, secret)("GET", "/api/sessions").status == 401
    assert admin("GET", "/api/auth/api-key").json["data"]["has_key"] is False


def test_a_key_is_made_with_a_role_and_lists_tell_it(nobody: Caller, admin: Caller) -> None:
    made = admin("POST", "/api/auth/api-key", {"role": "read_only"})
    assert (made.status, made.json["data"]["role"], made.json["data"]["max_role"]) == (201, "read_only", "read_only")
    key = Caller(nobody.client, made.json["data"]["api_key"])
    assert key("GET", "/api/sessions").status == 200
    assert key("POST", "/v1/sessions", {"id": "shop"}).status == 403
    admin("POST", "/api/auth/api-key")
    told = [(one["role"], one["max_role"]) for one in admin("GET", "/api/auth/api-key").json["data"]["keys"]]
    assert told == [("read_only", "read_only"), ("admin", None)]
    listed = admin("GET", "/api/admin/api-keys").json["data"]["api_keys"]
    assert [(one["role"], one["max_role"]) for one in listed] == told


def test_a_key_is_told_from_others_by_the_name_that_it_was_made_with(admin: Caller) -> None:
    assert admin("POST", "/api/auth/api-key", {"name": " Till "}).json["data"]["name"] == "Till"
    for nameless in ({"name": " "}, {"name": None}, {}):
        assert admin("POST", "/api/auth/api-key", nameless).json["data"]["name"] is None
    listed = admin("GET", "/api/admin/api-keys").json["data"]["api_keys"]
    assert [one["name"] for one in listed] == ["Till", None, None, None]
    refused = admin("POST", "/api/auth/api-key", {"name": "a\nb"})
    assert (refused.status, refused.json["field"]) == (400, "name")


def test_a_role_above_one_s_own_and_one_that_is_none_are_refused(world: World, nobody: Caller) -> None:
    member = Caller(nobody.client, world.token(role=Role.MEMBER))
    refused = member("POST", "/api/auth/api-key", {"role": "admin"})
    assert (refused.status, refused.json["code"], refused.json["field"]) == (403, "FORBIDDEN", "role")
    unknown = member("POST", "/api/auth/api-key", {"role": "owner"})
    assert (unknown.status, unknown.json["field"]) == (400, "role")
    assert member("GET", "/api/auth/api-key").json["data"]["has_key"] is False
    assert member("POST", "/api/auth/api-key", {"role": "user"}).json["data"]["role"] == "member"


def test_one_of_several_keys_is_revoked(world: World, nobody: Caller, admin: Caller) -> None:
    first, second = (admin("POST", "/api/auth/api-key").json["data"] for _ in range(2))
    assert admin("DELETE", f"/api/auth/api-key?id={first['id']}").status == 200
    assert Caller(nobody.client, first["api_key"])("GET", "/api/sessions").status == 401
    assert Caller(nobody.client, second["api_key"])("GET", "/api/sessions").status == 200
    for gone in (first["id"], "..", "x" * 33):
        answer = admin("DELETE", f"/api/auth/api-key?id={gone}")
        assert (answer.status, answer.json["code"]) == (404, "KEY_NOT_FOUND")


def test_nobody_revokes_a_colleague_s_key_as_their_own(world: World, nobody: Caller, admin: Caller) -> None:
    key = admin("POST", "/api/auth/api-key").json["data"]
    member = Caller(nobody.client, world.token(role=Role.MEMBER))
    assert member("DELETE", f"/api/auth/api-key?id={key['id']}").status == 404
    assert member("DELETE", "/api/auth/api-key").json["data"] == {"revoked": 0}
    assert Caller(nobody.client, key["api_key"])("GET", "/api/sessions").status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"session_id": "-ana"}, "session_id"),
        ({"session_id": True}, "session_id"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": LONGEST_LIFE + 1}, "expires_in_days"),
        ({"expires_in_days": 1.5}, "expires_in_days"),
        ({"expires_in_days": "90"}, "expires_in_days"),
    ],
)
def test_a_bad_key_is_refused_by_field_and_not_made(
    world: World, admin: Caller, body: dict[str, object], field: str
) -> None:
    answer = admin("POST", "/api/auth/api-key", body)
    assert (answer.status, answer.json["field"]) == (400, field)
    assert not world.stores.api_keys.rows


def test_a_key_for_the_empty_id_is_no_key_for_all(ana: Caller) -> None:
    answer = ana("POST", "/api/auth/api-key", {"session_id": ""})
    assert (answer.status, answer.json["field"]) == (400, "session_id")
    assert ana("GET", "/api/auth/api-key").json["data"]["has_key"] is False
