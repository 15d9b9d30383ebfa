"""Idempotency-Keys on every POST that creates: the same answer, created once."""

from copy import deepcopy
from typing import Any

import pytest

from app import ROUTERS
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.domain.access import Role
from tests.api.conftest import Caller, World
from tests.makers import a_code

CREATES: dict[str, tuple[Any, Any]] = {
    "/sessions": (
        {"sessionId": "shop", "webhookUrl": "https://example.com/hook"},
        {"sessionId": "shop", "webhookUrl": "https://example.com/other"},
    ),
    "/api/sessions": ({"phone": "6281234567890", "name": "A"}, {"phone": "6281234567890", "name": "B"}),
    "/api/auth/register": ({"username": "bo", "password": "a password"}, {"username": "bo", "password": "b password"}),
    "/api/auth/api-key": ({"session_id": "ana", "expires_in_days": 9}, {"session_id": "ana"}),
    "/api/admin/tenants": (
        {"id": "acme", "username": "cleo", "password": "a password"},
        {"id": "acme", "username": "cleo", "password": "b password"},
    ),
}
"""Bodies of one request, and of another with the same key."""
INITIALIZE = "/api/sessions/shop/initialize-with-qr"
UNNAMED = {"/sessions", "/api/sessions", "/api/auth/api-key"}
SENDING = {"send", "send-message", "bulk"}


def rows(world: World) -> Any:
    return deepcopy(
        [s.rows for s in (world.stores.sessions, world.stores.users, world.stores.tenants, world.stores.api_keys)]
    )


def test_every_route_that_creates_takes_a_key_and_so_does_every_send() -> None:
    taking = {route.path for router in ROUTERS for route in router.routes if IDEMPOTENCY_KEY in route.takes}
    assert taking >= {*CREATES, "/api/sessions/{id}/initialize-with-qr"}
    sends = {path for path in (r.path for d in ROUTERS for r in d.routes) if path.rpartition("/")[2] in SENDING}
    assert sends <= taking
    created = {route.path for router in ROUTERS for route in router.routes if 201 in route.gives}
    assert created <= taking, "what answers 201 creates something"


@pytest.mark.parametrize("path", CREATES)
def test_the_same_request_again_is_answered_the_same_and_changes_nothing(ana: Caller, world: World, path: str) -> None:
    first = ana("POST", path, CREATES[path][0], Idempotency_Key="k")
    assert first.status == 201
    before = rows(world)
    assert ana("POST", path, CREATES[path][0], Idempotency_Key="k") == first
    assert rows(world) == before


@pytest.mark.parametrize("path", sorted(UNNAMED))
def test_without_a_name_it_is_also_made_once(ana: Caller, world: World, path: str) -> None:
    first = ana("POST", path, Idempotency_Key="k")
    before = rows(world)
    assert ana("POST", path, {}, Idempotency_Key="k") == first
    assert rows(world) == before
    assert ana("POST", path, Idempotency_Key="l").json != first.json
    assert ana("POST", path).json != first.json


@pytest.mark.parametrize("path", CREATES)
def test_spaces_order_and_extras_make_no_other_request(ana: Caller, path: str) -> None:
    body, _ = CREATES[path]
    first = ana("POST", path, body, Idempotency_Key="k")
    turned = {"extra": [1], **dict(reversed(body.items()))}
    assert ana("POST", path, turned, Idempotency_Key="k") == first


@pytest.mark.parametrize("path", CREATES)
def test_another_request_with_the_key_is_refused(ana: Caller, world: World, path: str) -> None:
    body, other = CREATES[path]
    ana("POST", path, body, Idempotency_Key="k")
    before = rows(world)
    for elsewhere, what in [(path, other), *((p, b) for p, (b, _) in CREATES.items() if p != path), (INITIALIZE, {})]:
        answer = ana("POST", elsewhere, what, Idempotency_Key="k")
        assert (answer.status, answer.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED"), elsewhere
    assert rows(world) == before


@pytest.mark.parametrize("path", ["/sessions", "/api/sessions"])
def test_a_key_is_its_caller_s_own(world: World, nobody: Caller, path: str) -> None:
    keys = [world.token(role=Role.MEMBER), world.token(), world.key(), world.token(tenant="acme")]
    answers = [Caller(nobody.client, key)("POST", path, Idempotency_Key="k") for key in keys]
    assert {answer.status for answer in answers} == {201}
    assert len(world.stores.sessions.rows) == len(keys)


@pytest.mark.parametrize("path", CREATES)
def test_a_bad_request_takes_no_key(ana: Caller, path: str) -> None:
    name = next(iter(CREATES[path][0]))
    assert ana("POST", path, {**CREATES[path][0], name: "-"}, Idempotency_Key="k").status == 400
    assert ana("POST", path, CREATES[path][0], Idempotency_Key="k").status == 201


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
@pytest.mark.parametrize("path", CREATES)
def test_a_key_that_is_none_is_refused(ana: Caller, world: World, path: str, key: str) -> None:
    before = rows(world)
    answer = ana("POST", path, CREATES[path][0], Idempotency_Key=key)
    assert (answer.status, answer.json["field"]) == (400, "Idempotency-Key")
    assert rows(world) == before


def test_what_was_removed_since_is_not_made_again(ana: Caller, world: World, nobody: Caller) -> None:
    answers = {
        path: ana("POST", path, body, Idempotency_Key=f"k{n}") for n, (path, (body, _)) in enumerate(CREATES.items())
    }
    secret = answers["/api/auth/api-key"].json["data"]["api_key"]
    world.stores.sessions.rows.clear()
    ana("DELETE", "/api/admin/users/bo")
    ana("DELETE", "/api/auth/api-key")
    before = rows(world)
    for n, (path, (body, _)) in enumerate(CREATES.items()):
        again = ana("POST", path, body, Idempotency_Key=f"k{n}")
        if path == "/api/admin/tenants":
            assert again == answers[path], "a tenant is never removed"
        else:
            assert (again.status, again.json["code"]) == (409, "RESULT_GONE"), path
    assert rows(world) == before
    assert Caller(nobody.client, secret)("GET", "/api/sessions").status == 401


def test_initialize_again_does_not_start_what_was_stopped_since(ana: Caller, world: World) -> None:
    first = ana("POST", INITIALIZE, {"headless": True}, Idempotency_Key="k")
    assert first.status == 200
    assert ana("POST", "/sessions/shop/disconnect").status == 200
    before = rows(world)
    assert ana("POST", INITIALIZE, Idempotency_Key="k") == first
    assert rows(world) == before
    ana("POST", INITIALIZE, Idempotency_Key="l")
    assert rows(world) != before


def test_the_answer_has_the_code_as_it_stands(ana: Caller, world: World) -> None:
    first = ana("POST", "/sessions", Idempotency_Key="k").json
    assert first["qrCode"] is None
    (session,) = world.stores.sessions.rows.values()
    from chalicelib.domain.events import QRShown, WorkerClaimed
    from chalicelib.domain.transitions import advance

    code = a_code(expires_at=world.clock.now + 60_000)
    for event in (WorkerClaimed("w", "https://queue/w", standby=False), QRShown(code)):
        session = world.put(advance(session, event, now=world.clock.now, event_id="e"))
    again = ana("POST", "/sessions", Idempotency_Key="k")
    assert (again.status, again.json["sessionId"], again.json["qrCode"]) == (201, first["sessionId"], code.image)
