"""Who calls, as the native API tells a client that was given a credential."""

from chalicelib.domain.access import GRANTS, KEYS, OPERATORS, Permission, Role
from tests.api.conftest import Caller, World


def test_a_user_is_told_its_role_and_what_that_may_do(world: World, nobody: Caller) -> None:
    said = Caller(nobody.client, world.token(role=Role.READ_ONLY, tenant="acme"))("GET", "/v1/me").json
    ends = said.pop("expires_at")
    assert said == {
        "name": "read_only.acme",
        "tenant": "acme",
        "role": "read_only",
        "permissions": ["sessions:read", "linking:follow", "messages:read", "account:own"],
        "session": None,
        "key": None,
    }
    assert ends.endswith("Z")


def test_an_operator_has_all_permissions_there_are(ana: Caller) -> None:
    assert ana("GET", "/v1/me").json["permissions"] == [str(one) for one in Permission]


def test_an_administrator_of_another_tenant_has_all_but_the_operators(world: World, nobody: Caller) -> None:
    said = Caller(nobody.client, world.token(tenant="acme"))("GET", "/v1/me").json
    assert set(said["permissions"]) == {str(one) for one in GRANTS[Role.ADMIN] - OPERATORS}


def test_a_key_is_told_its_id_its_session_and_no_more_than_a_key_may(world: World, nobody: Caller) -> None:
    secret = world.key(session="shop")
    (key,) = world.stores.api_keys.rows.values()
    said = Caller(nobody.client, secret)("GET", "/v1/me").json
    assert (said["name"], said["key"], said["session"]) == (f"key:{key.id}", key.id, "shop")
    assert (said["role"], said["expires_at"]) == ("admin", None)
    assert set(said["permissions"]) == {str(one) for one in KEYS}


def test_a_key_with_an_end_is_told_it(world: World, ana: Caller) -> None:
    made = ana("POST", "/api/auth/api-key", {"expires_in_days": 1}).json["data"]
    assert Caller(ana.client, made["api_key"])("GET", "/v1/me").json["expires_at"] == made["expires_at"]
