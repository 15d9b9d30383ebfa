"""Every route and the handshake, against every kind of caller: made from the routers, so a new route is in by itself."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import jwt
import pytest

from chalicelib.domain.access import (
    DEFAULT_TENANT,
    GRANTS,
    HOLDER,
    KEYS,
    OPERATORS,
    Permission,
    Principal,
    Role,
    lesser,
)
from tests.api.conftest import Caller, World
from tests.api.routes import ABOUT_A_SESSION, GUARDED, NEEDS, Route, a_body, a_path
from tests.api.test_sockets import FORM, knock
from tests.composition import SIGNING_KEY
from tests.makers import a_session


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


NOT_THERE = {"SESSION_NOT_FOUND", "MESSAGE_NOT_FOUND", "USER_NOT_FOUND", "KEY_NOT_FOUND", "TENANT_NOT_FOUND"}

OF_THE_HOLDER = [
    ("GET", "/v1/sessions/{id}"),
    ("GET", "/v1/sessions/{id}/passkey/confirmation"),
    ("GET", "/v1/sessions/{id}/qr"),
    ("POST", "/v1/sessions/{id}/pairing-code"),
    ("POST", "/v1/sessions/{id}/passkey"),
    ("POST", "/v1/sessions/{id}/passkey/confirmation"),
    ("POST", "/v1/sessions/{id}/start"),
    ("POST", "/v1/ws-ticket"),
]
"""What a link's token opens."""

LOGOUT: Route = ("POST", "/api/auth/logout")
OVER = {"of another generation", "of another tenant than its user's", "of a user who is gone"}
"""Tokens that we signed and that have ended: what is left for the one that ends them is to say so."""

Forge = Callable[[World], str]
BAD_TOKENS: dict[str, Forge] = {
    "unsigned": lambda world: world.forged(key=None, algorithm="none"),
    "of another key": lambda world: world.forged(key="another key, of thirty-two bytes or more"),
    "of an unknown key": lambda world: world.forged(headers={"kid": "k9"}),
    "without key id": lambda world: world.forged(headers={}),
    "of another algorithm": lambda world: world.forged(key="k" * 64, algorithm="HS512"),
    "for another audience": lambda world: changed(world, aud="another"),
    "of another issuer": lambda world: changed(world, iss="another"),
    "without an end": lambda world: changed(world, exp=None),
    "of another generation": lambda world: changed(world, gen=0),
    "of before generations": lambda world: changed(world, gen=None),
    "of another tenant than its user's": lambda world: changed(world, tenant="acme"),
    "of a user who is gone": lambda world: changed(world, sub="gone"),
    "expired": lambda world: world.token(ago=25 * 3_600_000),
    "not a token": lambda _: "admin",
    "not ASCII": lambda _: "tökén",
    "a key that never was": lambda _: "sb_" + "x" * 43,
    "no key's shape": lambda _: "sb_x",
    "a link's token that never was": lambda _: "lnk_01K.01K." + "x" * 43,
    "no link's token's shape": lambda _: "lnk_x",
    "a link's secret": lambda world: world.invitation()[0],
}


def changed(world: World, **claims: Any) -> str:
    """A token that is signed right, with other claims; None leaves one out."""
    good = jwt.decode(world.forged(), options={"verify_signature": False}) | claims
    told = {name: value for name, value in good.items() if value is not None}
    return jwt.encode(told, SIGNING_KEY, algorithm="HS256", headers={"kid": "k1"})


def everything(world: World) -> Any:
    """What a refused request may not have changed."""
    stores = (
        world.stores.sessions,
        world.stores.messages,
        world.stores.users,
        world.stores.tenants,
        world.stores.api_keys,
        world.stores.watchers,
        world.stores.invitations,
    )
    return deepcopy([store.rows for store in stores])


def asked(caller: Caller, route: Route) -> tuple[int, str | None]:
    method, path = route
    answer = caller(method, a_path(path), a_body(path))
    return answer.status, answer.error.get("code") if answer.content[:1] == b"{" else None


def test_the_forgeries_differ_from_a_good_token_in_one_thing(world: World, nobody: Caller) -> None:
    for good in (world.forged(), changed(world), world.token(), world.key()):
        assert Caller(nobody.client, good)("GET", "/api/sessions").status == 200


@pytest.mark.parametrize("route", GUARDED)
def test_nobody_is_refused(nobody: Caller, route: Route) -> None:
    answer = nobody(route[0], a_path(route[1]), a_body(route[1]))
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("route", GUARDED)
def test_a_credential_that_is_not_good_is_refused_even_where_none_is_needed(
    world: World, nobody: Caller, route: Route
) -> None:
    world.allow_anonymous = True
    world.put(a_session())
    bad = {what: forge(world) for what, forge in BAD_TOKENS.items()}
    before = everything(world)
    for what, token in bad.items():
        over = route == LOGOUT and what in OVER
        assert asked(Caller(nobody.client, token), route) == ((200, None) if over else (401, "UNAUTHENTICATED")), what
    method, path = route[0], a_path(route[1])
    for header in ("Basic YWRtaW46YWRtaW4xMjM=", "Bearer", "Bearer  ", ""):
        assert nobody(method, path, Authorization=header).status == 401, header
    for key in ("", "admin", world.token(), "sb_" + "x" * 43):
        assert nobody(method, path, X_API_Key=key).status == 401, key
    two = {"Authorization": f"Bearer {world.token()}", "X_API_Key": world.key()}
    assert nobody(method, path, **two).status == 401
    good = next(iter(world.stores.api_keys.rows))
    before[4] = {good: world.stores.api_keys.rows[good]}
    assert everything(world) == before


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("route", GUARDED)
def test_a_role_may_do_what_the_table_grants_it_and_nothing_else(
    world: World, nobody: Caller, route: Route, role: Role
) -> None:
    world.put(a_session())
    caller = Caller(nobody.client, world.token(role=role, tenant="acme"))
    before = everything(world)
    status, code = asked(caller, route)
    if NEEDS[route] in GRANTS[role]:
        assert status not in {401, 403} or code == "INVALID_CREDENTIALS"
    else:
        assert (status, code) == (403, "FORBIDDEN")
        assert everything(world) == before


@pytest.mark.parametrize("route", [route for route in GUARDED if NEEDS[route] in OPERATORS])
def test_only_the_operators_meet_other_tenants(world: World, nobody: Caller, ana: Caller, route: Route) -> None:
    assert asked(ana, route)[0] in {200, 201, 404}
    assert asked(Caller(nobody.client, world.token(tenant="acme")), route) == (403, "FORBIDDEN")
    assert asked(Caller(nobody.client, world.key()), route) == (403, "FORBIDDEN")


@pytest.mark.parametrize("route", ABOUT_A_SESSION)
def test_another_tenants_session_is_not_there(world: World, nobody: Caller, route: Route) -> None:
    world.put(a_session())
    for credential in (world.token(tenant="other"), world.key(tenant="other")):
        before = everything(world)[:4]
        status, code = asked(Caller(nobody.client, credential), route)
        if route[1].endswith("/initialize-with-qr"):
            # It makes the session that it doesn't find: one of the caller's own.
            assert status == 200
            assert world.stores.sessions.find(DEFAULT_TENANT, "ana") == a_session()
            return
        assert (status, code) == (404, "SESSION_NOT_FOUND")
        assert everything(world)[:4] == before


@pytest.mark.parametrize("route", [r for r in GUARDED if {"{name}", "{key_id}"} & set(r[1].split("/"))])
def test_another_tenants_user_or_key_is_not_there(world: World, nobody: Caller, route: Route) -> None:
    world.token(role=Role.MEMBER)
    secret = world.key(role=Role.MEMBER)
    [key] = world.stores.api_keys.rows.values()
    method, path = route[0], route[1].replace("{name}", "member.default").replace("{key_id}", key.id)
    stranger = Caller(nobody.client, world.token(tenant="other"))
    before = everything(world)
    answer = stranger(method, path, {"role": "admin"})
    assert (answer.status, answer.error["code"] in NOT_THERE) == (404, True)
    assert everything(world) == before
    assert Caller(nobody.client, secret)("GET", "/api/sessions").status == 200


@pytest.mark.parametrize("route", GUARDED)
def test_a_key_may_do_what_it_is_for_and_nothing_else(world: World, nobody: Caller, route: Route) -> None:
    world.put(a_session())
    key = Caller(nobody.client, world.key())
    status, code = asked(key, route)
    if NEEDS[route] in KEYS:
        assert status not in {401, 403}
    else:
        assert (status, code) == (403, "FORBIDDEN")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("route", GUARDED)
def test_a_key_may_do_what_its_role_may_of_that(world: World, nobody: Caller, route: Route, role: Role) -> None:
    world.put(a_session())
    caller = Caller(nobody.client, world.key(role=role))
    before = everything(world)[:4]
    status, code = asked(caller, route)
    if NEEDS[route] in GRANTS[role] & KEYS:
        assert status not in {401, 403}
    else:
        assert (status, code) == (403, "FORBIDDEN")
        assert everything(world)[:4] == before


def test_of_two_roles_the_lesser_is_the_one_that_may_do_less() -> None:
    ranked = (Role.READ_ONLY, Role.MEMBER, Role.ADMIN)
    assert all(lesser(one, other) is min(one, other, key=ranked.index) for one in Role for other in Role)
    assert all(lesser(one, None) is one for one in Role)


@pytest.mark.parametrize("route", ABOUT_A_SESSION)
def test_a_key_of_another_session_does_not_see_this_one(world: World, nobody: Caller, route: Route) -> None:
    world.put(a_session())
    world.put(a_session(id="bob", uid="bob"))
    key = Caller(nobody.client, world.key(session="bob"))
    before = everything(world)[:4]
    assert asked(key, route) == (404, "SESSION_NOT_FOUND")
    assert everything(world)[:4] == before


@pytest.mark.parametrize("route", ABOUT_A_SESSION)
def test_a_key_of_this_session_does(world: World, nobody: Caller, route: Route) -> None:
    world.put(a_session())
    status, code = asked(Caller(nobody.client, world.key(session="ana")), route)
    assert status not in {401, 403}
    assert code != "SESSION_NOT_FOUND"


def test_a_link_s_token_is_good_for_these_routes() -> None:
    assert [route for route in GUARDED if NEEDS[route] in HOLDER] == OF_THE_HOLDER


@pytest.mark.parametrize("route", GUARDED)
def test_the_holder_of_a_phone_may_link_its_session_and_nothing_else(
    world: World, nobody: Caller, route: Route
) -> None:
    holder = Caller(nobody.client, world.invitation()[1])
    before = everything(world)
    status, code = asked(holder, route)
    if route in OF_THE_HOLDER:
        assert status not in {401, 403, 404, 500}
    else:
        assert (status, code) == (403, "FORBIDDEN")
        assert everything(world) == before


@pytest.mark.parametrize("route", ABOUT_A_SESSION)
def test_the_holder_of_a_phone_meets_no_other_session(world: World, nobody: Caller, route: Route) -> None:
    holder = Caller(nobody.client, world.invitation(session="bob")[1])
    world.put(a_session())
    before = everything(world)
    refusal = (404, "SESSION_NOT_FOUND") if route in OF_THE_HOLDER else (403, "FORBIDDEN")
    assert asked(holder, route) == refusal
    assert everything(world) == before


def test_nor_by_a_ticket(world: World, nobody: Caller) -> None:
    holder = Caller(nobody.client, world.invitation()[1])
    world.put(a_session(id="bob", uid="bob"))
    assert holder("POST", "/v1/ws-ticket", {"session": "bob"}).status == 403


@pytest.mark.parametrize("path", ["/api/sessions", "/sessions", "/v1/sessions"])
def test_a_bound_key_lists_and_creates_its_session_alone(world: World, nobody: Caller, path: str) -> None:
    world.put(a_session(id="bob", uid="bob"))
    key = Caller(nobody.client, world.key(session="shop"))
    assert b"bob" not in key("GET", path).content
    another = {"/api/sessions": {"phone": "6281234567890"}, "/sessions": {"sessionId": "bob"}}
    answer = key("POST", path, another.get(path, {"id": "bob"}))
    assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
    assert key("POST", path).status == 201
    assert [s.id for s in world.stores.sessions.rows.values()] == ["bob", "shop"]
    listed = key("GET", path).content
    assert b"shop" in listed
    assert b"bob" not in listed


@pytest.mark.parametrize("forge", BAD_TOKENS.values(), ids=list(BAD_TOKENS))
@pytest.mark.parametrize("anonymous", [False, True])
def test_the_handshake_refuses_a_bad_token(world: World, forge: Forge, anonymous: bool) -> None:
    world.allow_anonymous = anonymous
    world.put(a_session())
    token = forge(world)
    assert knock(FORM | {"token": token}) == 401
    assert knock(FORM, authorization=f"Bearer {token}") == 401
    assert not world.stores.watchers.rows


@pytest.mark.parametrize("session", [None, "ana"])
def test_the_handshake_takes_no_api_key(world: World, session: str | None) -> None:
    world.put(a_session())
    key = world.key(session=session)
    assert knock(FORM | {"token": key}) == 401
    assert knock(FORM, authorization=f"Bearer {key}") == 401
    assert knock(FORM, **{"x-api-key": key}) == 401


def test_the_handshake_of_older_families_takes_no_link_s_token_nor_its_ticket(world: World, nobody: Caller) -> None:
    token = world.invitation()[1]
    assert knock(FORM | {"token": token}) == 401
    assert knock(FORM, authorization=f"Bearer {token}") == 401
    ticket = Caller(nobody.client, token)("POST", "/v1/ws-ticket").json["ticket"]
    assert knock(FORM | {"token": ticket}) == 403
    assert not world.stores.watchers.rows


@pytest.mark.parametrize("role", Role)
def test_the_handshake_lets_in_whoever_may_read_in_that_tenant_alone(world: World, role: Role) -> None:
    world.put(a_session())
    assert knock(FORM | {"token": world.token(role=role)}) == 200
    assert knock(FORM | {"token": world.token(role=role, tenant="other")}) == 404


def test_a_key_goes_in_either_header_and_never_in_an_address(world: World, nobody: Caller) -> None:
    key = world.key()
    assert nobody("GET", "/api/sessions", X_API_Key=key).status == 200
    assert nobody("GET", "/api/sessions", Authorization=f"Bearer {key}").status == 200
    assert nobody("GET", "/api/sessions", Authorization=f"Bearer {key}", X_API_Key=key).status == 200
    for name in ("token", "api_key", "key"):
        assert nobody("GET", f"/api/sessions?{name}={key}").status == 401


def test_the_table_grants_each_permission_to_somebody() -> None:
    assert frozenset().union(*GRANTS.values()) | OPERATORS == frozenset(Permission)
    assert not OPERATORS & frozenset().union(*GRANTS.values())
    assert GRANTS[Role.READ_ONLY] < GRANTS[Role.MEMBER] < GRANTS[Role.ADMIN]


def test_an_operator_is_an_administrator_of_the_default_tenant() -> None:
    may = {
        (role, tenant)
        for role in Role
        for tenant in (DEFAULT_TENANT, "acme")
        if Principal("p", tenant, role).may(Permission.TENANTS_MANAGE)
    }
    assert may == {(Role.ADMIN, DEFAULT_TENANT)}
    assert not Principal("p", DEFAULT_TENANT, Role.ADMIN, key="k").may(Permission.TENANTS_MANAGE)
