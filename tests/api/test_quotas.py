"""A tenant's quotas as its callers meet them: refused by name, in each family's own shape."""

from typing import Any

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.limits import Quotas
from chalicelib.domain.session import Status
from tests.api.conftest import Caller, World
from tests.makers import a_code, a_running_session, a_session

NEW_SESSIONS: list[tuple[str, str, Any]] = [
    ("POST", "/api/sessions", {"phone": "6281234567890"}),
    ("POST", "/sessions", {"sessionId": "shop"}),
    ("POST", "/api/sessions/shop/initialize-with-qr", None),
]
STARTS: list[tuple[str, str]] = [
    ("POST", "/api/sessions/ana/connect"),
    ("POST", "/api/sessions/ana/login"),
    ("POST", "/sessions/ana/connect"),
    ("POST", "/sessions/ana/login"),
    ("POST", "/api/sessions/ana/initialize-with-qr"),
    ("POST", "/api/sessions/ana/reconnect"),
    ("GET", "/whatsapp/companies/default/qrcode?session=ana"),
]


def refused(answer: Any, code: str, status: int = 403) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.content
    assert answer.json["error"]
    assert answer.json["hint"] or answer.headers["Retry-After"]


@pytest.mark.parametrize(("method", "path", "body"), NEW_SESSIONS)
def test_a_session_too_many_is_refused_by_name(world: World, ana: Caller, method: str, path: str, body: Any) -> None:
    world.quotas = Quotas(sessions=1)
    world.put(a_session())
    answer = ana(method, path, body)
    refused(answer, "SESSION_QUOTA_EXCEEDED")
    assert ("timestamp" in answer.json) == (path == "/sessions"), "in this family's shape"
    assert [session.id for session in world.stores.sessions.rows.values()] == ["ana"]


def test_letsbot_and_the_companies_make_no_session_too_many_either(world: World, nobody: Caller, ana: Caller) -> None:
    world.quotas = Quotas(sessions=1)
    world.put(a_session(id="bob", uid="bob"))
    bound = Caller(nobody.client, world.key(session="ana"))
    refused(bound("POST", "/api/v1/qr"), "SESSION_QUOTA_EXCEEDED")
    answer = bound("GET", "/whatsapp/companies/default/qrcode")
    refused(answer, "SESSION_QUOTA_EXCEEDED")
    assert answer.json["status_code"] == 403
    assert list(world.stores.sessions.rows) == ["bob"]


@pytest.mark.parametrize(("method", "path"), STARTS)
def test_a_start_too_many_is_refused_by_name(world: World, ana: Caller, method: str, path: str) -> None:
    world.quotas = Quotas(workers=1)
    before = world.put(a_session())
    other = world.put(a_session(id="bob", uid="bob"))
    assert ana("POST", "/api/sessions/bob/connect").status == 200
    refused(ana(method, path), "WORKER_QUOTA_EXCEEDED")
    assert world.stores.sessions.rows[before.uid] == before
    assert world.stores.sessions.rows[other.uid] != other


def test_letsbot_starts_none_too_many_either(world: World, nobody: Caller, ana: Caller) -> None:
    world.quotas = Quotas(workers=1)
    world.put(a_session())
    world.put(a_session(id="bob", uid="bob"))
    ana("POST", "/api/sessions/bob/connect")
    refused(Caller(nobody.client, world.key(session="ana"))("POST", "/api/v1/qr"), "WORKER_QUOTA_EXCEEDED")


def test_a_look_at_a_company_s_session_is_answered_though_there_is_no_room_to_start_it(
    world: World, ana: Caller
) -> None:
    world.quotas = Quotas(workers=1)
    world.put(a_session())
    world.put(a_session(id="bob", uid="bob"))
    ana("POST", "/api/sessions/bob/connect")
    answer = ana("GET", "/whatsapp/companies/default/session-status?session=ana")
    assert (answer.status, answer.json["data"]["status"]) == (200, "DISCONNECTED")


def test_what_runs_is_no_start_too_many(world: World, ana: Caller) -> None:
    world.quotas = Quotas(workers=1)
    world.put(a_running_session(status=Status.SCAN_QR, qr=a_code(expires_at=world.clock.now + 60_000)))
    world.put(a_session(id="bob", uid="bob"))
    world.running.hold(a_running_session())
    assert ana("POST", "/api/sessions/ana/connect").status == 200
    assert ana("POST", "/api/sessions/ana/initialize-with-qr").status == 200
    refused(ana("POST", "/api/sessions/bob/connect"), "WORKER_QUOTA_EXCEEDED")


def test_a_user_too_many_is_refused_by_name(world: World, ana: Caller) -> None:
    world.quotas = Quotas(users=len(world.stores.users.rows))
    answer = ana("POST", "/api/auth/register", {"username": "bo", "password": "a password"})
    refused(answer, "USER_QUOTA_EXCEEDED")
    assert "bo" not in world.stores.users.rows


def test_a_key_too_many_is_refused_by_name(world: World, ana: Caller) -> None:
    world.quotas = Quotas(keys=1)
    assert ana("POST", "/api/auth/api-key", {}).status == 201
    refused(ana("POST", "/api/auth/api-key", {}), "KEY_QUOTA_EXCEEDED")
    assert len(world.stores.api_keys.rows) == 1


def test_tickets_are_given_so_many_a_minute(world: World, nobody: Caller, ana: Caller) -> None:
    world.quotas = Quotas(tickets=2)
    assert [ana("POST", "/api/ws-ticket").status for _ in range(2)] == [200, 200]
    answer = ana("POST", "/api/ws-ticket")
    assert (answer.status, answer.json["code"]) == (429, "TICKET_QUOTA_EXCEEDED")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    reader = Caller(nobody.client, world.token(role=Role.READ_ONLY))
    assert reader("POST", "/api/ws-ticket").status == 429, "a tenant's people share"
    assert Caller(nobody.client, world.token(tenant="acme"))("POST", "/api/ws-ticket").status == 200
    world.clock.now += 1000 * int(answer.headers["Retry-After"])
    assert ana("POST", "/api/ws-ticket").status == 200
    assert len(world.stores.tickets.rows) == 4
