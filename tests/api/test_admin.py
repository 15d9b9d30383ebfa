"""What administrators do with users and keys, and operators with tenants."""

import pytest

from tests.api.conftest import Caller, World

BO = {"username": "bo", "password": "a password"}
ACME = {"id": "acme", "name": "Acme", "username": "cleo", "password": "a password"}


@pytest.fixture
def bo(nobody: Caller, ana: Caller) -> Caller:
    """A member whom the administrator registered."""
    ana("POST", "/api/auth/register", BO)
    return Caller(nobody.client, nobody("POST", "/api/auth/login", BO).json["data"]["token"])


def test_users_are_listed_page_by_page_without_anything_of_their_passwords(ana: Caller, bo: Caller) -> None:
    first = ana("GET", "/api/admin/users?limit=2")
    assert b"plain:" not in first.content
    assert [user["username"] for user in first.json["data"]["users"]] == ["admin", "ana"]
    second = ana("GET", f"/api/admin/users?limit=2&after={first.json['data']['next_cursor']}").json["data"]
    assert [user["username"] for user in second["users"]] == ["bo"]
    assert ana("GET", "/api/admin/users/bo").json["data"]["user"]["is_active"] is True


def test_a_demoted_user_may_do_less_from_the_next_request_on(ana: Caller, bo: Caller) -> None:
    assert bo("POST", "/api/sessions").status == 201
    assert ana("PATCH", "/api/admin/users/bo", {"role": "read_only"}).json["data"]["role"] == "read_only"
    assert bo("POST", "/api/sessions").status == 403
    assert bo("GET", "/api/sessions").status == 200


def test_a_disabled_user_is_out_until_it_is_enabled(nobody: Caller, ana: Caller, bo: Caller) -> None:
    answer = ana("PATCH", "/api/admin/users/bo", {"disabled": True})
    assert (answer.status, answer.json["data"]["is_active"]) == (200, False)
    assert bo("GET", "/api/sessions").status == 401
    assert nobody("POST", "/api/auth/login", BO).status == 403
    ana("PATCH", "/api/admin/users/bo", {"disabled": False})
    assert nobody("POST", "/api/auth/login", BO).status == 200


def test_an_administrator_sets_a_password(nobody: Caller, ana: Caller, bo: Caller) -> None:
    assert ana("PATCH", "/api/admin/users/bo", {"password": "another one"}).status == 200
    assert bo("GET", "/api/sessions").status == 401
    assert nobody("POST", "/api/auth/login", BO | {"password": "another one"}).status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "king", "disabled": True}, "role"),
        ({"role": "admin", "password": "short"}, "password"),
        ({"role": "admin", "disabled": "yes"}, "disabled"),
    ],
)
def test_a_change_that_is_wrong_in_one_thing_changes_nothing(
    world: World, ana: Caller, bo: Caller, body: dict[str, object], field: str
) -> None:
    standing = world.stores.users.rows["bo"]
    answer = ana("PATCH", "/api/admin/users/bo", body)
    assert (answer.status, answer.json["field"]) == (400, field)
    assert world.stores.users.rows["bo"] == standing


def test_a_removed_user_is_not_there(ana: Caller, bo: Caller) -> None:
    assert ana("DELETE", "/api/admin/users/bo").status == 200
    assert bo("GET", "/api/sessions").status == 401
    for method in ("GET", "PATCH", "DELETE"):
        answer = ana(method, "/api/admin/users/bo")
        assert (answer.status, answer.json["code"]) == (404, "USER_NOT_FOUND")


@pytest.mark.parametrize("name", ["..", "-bo", "a%00b", "a%2Fb", "x" * 65, "%F0%9F%98%80"])
def test_a_name_that_no_user_can_have_is_not_there(ana: Caller, name: str) -> None:
    assert ana("GET", f"/api/admin/users/{name}").json["code"] == "USER_NOT_FOUND"


@pytest.mark.parametrize(
    ("method", "body"), [("PATCH", {"role": "member"}), ("PATCH", {"disabled": True}), ("DELETE", None)]
)
def test_the_last_administrator_stays(world: World, ana: Caller, method: str, body: dict[str, object] | None) -> None:
    standing = world.stores.users.rows["admin"]
    answer = ana(method, "/api/admin/users/admin", body)
    assert (answer.status, answer.json["code"]) == (409, "LAST_ADMINISTRATOR")
    assert world.stores.users.rows["admin"] == standing


def test_an_administrator_sees_and_revokes_the_tenant_s_keys(nobody: Caller, ana: Caller, bo: Caller) -> None:
    key = bo("POST", "/api/auth/api-key", {"session_id": "shop"}).json["data"]
    listed = ana("GET", "/api/admin/api-keys")
    assert key["api_key"].encode() not in listed.content
    assert [(k["id"], k["username"], k["session_id"]) for k in listed.json["data"]["api_keys"]] == [
        (key["id"], "bo", "shop")
    ]
    assert ana("DELETE", f"/api/admin/api-keys/{key['id']}").status == 200
    assert Caller(nobody.client, key["api_key"])("GET", "/api/sessions").status == 401
    assert ana("DELETE", f"/api/admin/api-keys/{key['id']}").json["code"] == "KEY_NOT_FOUND"


def test_a_new_tenant_s_administrator_sees_that_tenant_alone(nobody: Caller, ana: Caller, bo: Caller) -> None:
    made = ana("POST", "/api/admin/tenants", ACME)
    assert (made.status, made.json["data"]["tenant"]["id"]) == (201, "acme")
    cleo = Caller(nobody.client, nobody("POST", "/api/auth/login", ACME).json["data"]["token"])
    assert [user["username"] for user in cleo("GET", "/api/admin/users").json["data"]["users"]] == ["cleo"]
    assert cleo("GET", "/api/admin/users/bo").status == 404
    assert cleo("GET", "/api/admin/tenants").status == 403
    assert [tenant["id"] for tenant in ana("GET", "/api/admin/tenants").json["data"]["tenants"]] == ["acme", "default"]


def test_a_disabled_tenant_is_out(nobody: Caller, ana: Caller) -> None:
    ana("POST", "/api/admin/tenants", ACME)
    cleo = Caller(nobody.client, nobody("POST", "/api/auth/login", ACME).json["data"]["token"])
    assert ana("PATCH", "/api/admin/tenants/acme", {"disabled": True}).json["data"]["disabled"] is True
    assert cleo("GET", "/api/sessions").status == 401
    assert nobody("POST", "/api/auth/login", ACME).status == 403
    assert ana("PATCH", "/api/admin/tenants/default", {"disabled": True}).status == 403
    assert ana("PATCH", "/api/admin/tenants/acme", {"name": "Acme Corp"}).json["data"]["name"] == "Acme Corp"


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"id": "Acme"}, 400, "id"),
        ({"id": "a#b"}, 400, "id"),
        ({"id": ""}, 400, "id"),
        ({"id": "default"}, 409, "id"),
        ({"username": "admin"}, 409, "username"),
        ({"username": ""}, 400, "username"),
        ({"password": "short"}, 400, "password"),
        ({"name": "a\u0000b"}, 400, "name"),
    ],
)
def test_a_bad_tenant_is_refused_by_field_and_not_made(
    world: World, ana: Caller, change: dict[str, str], status: int, field: str
) -> None:
    users, tenants = dict(world.stores.users.rows), dict(world.stores.tenants.rows)
    answer = ana("POST", "/api/admin/tenants", ACME | change)
    assert (answer.status, answer.json["field"]) == (status, field)
    assert (world.stores.users.rows, world.stores.tenants.rows) == (users, tenants)


@pytest.mark.parametrize("name", ["globex", "..", "A", "a%00"])
def test_a_tenant_that_is_not_there_is_not_found(ana: Caller, name: str) -> None:
    for method in ("GET", "PATCH"):
        assert ana(method, f"/api/admin/tenants/{name}").json["code"] == "TENANT_NOT_FOUND"


@pytest.mark.parametrize(("path", "first"), [("users/bo", "role"), ("tenants/default", "name")])
@pytest.mark.parametrize("body", [{}, {"theme": "dark"}])
def test_a_change_of_nothing_is_refused(ana: Caller, path: str, first: str, body: dict[str, object]) -> None:
    ana("POST", "/api/auth/register", {"username": "bo", "password": "a long password"})
    refused = ana("PATCH", f"/api/admin/{path}", body)
    assert (refused.status, refused.json["code"], refused.json["field"]) == (400, "INVALID_FIELD", first)


def test_operators_say_what_a_tenant_s_devices_are_called(ana: Caller) -> None:
    made = ana("POST", "/api/admin/tenants", ACME).json["data"]
    assert (made["device_name"], made["device_type"]) == ("Switchboard", "safari")
    changed = ana("PATCH", "/api/admin/tenants/acme", {"device_name": "Acme", "device_type": "chrome"}).json["data"]
    assert (changed["device_name"], changed["device_type"], changed["name"]) == ("Acme", "chrome", "Acme")
    assert ana("PATCH", "/api/admin/tenants/acme", {"name": "Acme Corp"}).json["data"]["device_name"] == "Acme"


@pytest.mark.parametrize(
    ("field", "value"),
    [("device_name", ""), ("device_name", "x" * 51), ("device_name", "two\nlines"), ("device_type", "toaster")],
)
def test_a_device_that_can_t_look_so_is_refused_by_the_field(ana: Caller, field: str, value: str) -> None:
    ana("POST", "/api/admin/tenants", ACME)
    answer = ana("PATCH", "/api/admin/tenants/acme", {field: value})
    assert (answer.status, answer.json["field"]) == (400, field)
    assert ana("GET", "/api/admin/tenants/acme").json["data"]["device_name"] == "Switchboard"
