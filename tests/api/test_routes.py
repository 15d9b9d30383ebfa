"""Every route: its permission is checked, its path fits API Gateway, its pictures get through."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from app import app
from chalicelib.api import bare, enveloped, enveloped_settings, health
from chalicelib.api.auth import PUBLIC
from chalicelib.domain.principal import Permission, Role
from tests.api.conftest import Caller, World
from tests.makers import a_session

DECLARED = health.doorway.needs | enveloped.doorway.needs | enveloped_settings.doorway.needs | bare.doorway.needs
GUARDED = sorted(route for route, needs in DECLARED.items() if needs is not PUBLIC)
WRITES = {Permission.SESSIONS_WRITE, Permission.MESSAGES_SEND}
WRITING = sorted(route for route, needs in DECLARED.items() if needs in WRITES)
BODIES: dict[str, dict[str, object]] = {
    "send": {"to": "628987654321", "message": "Kopi?"},
    "send-message": {"to": "628987654321", "message": "Kopi?"},
    "name": {"name": "Ben"},
    "webhook": {"webhook_url": "https://example.com/hook"},
    "enabled": {"enabled": False},
}
"""What a route must be sent so that nothing but its caller is wrong."""
REPOSITORY = Path(__file__).parents[2]


def a_path(template: str) -> str:
    return template.replace("{id}", "ana").replace("{message_id}", "01JMSG")


def a_body(template: str) -> dict[str, object] | None:
    return BODIES.get(template.rpartition("/")[2])


def test_every_route_declares_what_it_needs() -> None:
    routes = {(method, path) for path, methods in app.routes.items() for method in methods}
    assert routes == set(DECLARED)


def test_only_health_and_login_are_public() -> None:
    public = {path for (_, path), needs in DECLARED.items() if needs is PUBLIC}
    assert public == {"/health", "/api/health", "/api/auth/login"}


def test_a_path_level_has_one_variable_name_at_most() -> None:
    names = defaultdict(set)
    for path in app.routes:
        for at in re.finditer(r"\{(\w+)\}", path):
            names[re.sub(r"\{\w+\}", "{}", path[: at.start()])].add(at[1])
    assert {tuple(sorted(found)) for found in names.values()} == {("id",), ("message_id",)}


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_nobody_is_refused(nobody: Caller, method: str, path: str) -> None:
    answer = nobody(method, a_path(path))
    assert (answer.status, answer.json["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_a_credential_that_is_not_good_is_refused_even_where_none_is_needed(
    world: World, nobody: Caller, method: str, path: str
) -> None:
    world.allow_anonymous = True
    bad = {
        "unsigned": world.forged(key=None, algorithm="none"),
        "of another key": world.forged(key="another key, of thirty-two bytes or more"),
        "of an unknown key": world.forged(headers={"kid": "k9"}),
        "without key id": world.forged(headers={}),
        "of another algorithm": world.forged(key="k" * 64, algorithm="HS512"),
        "expired": world.token(ago=25 * 3_600_000),
        "not a token": "admin",
        "not ASCII": "tökén",
    }
    for what, token in bad.items():
        answer = nobody(method, a_path(path), Authorization=f"Bearer {token}")
        assert (answer.status, answer.json["code"]) == (401, "UNAUTHENTICATED"), what
    for header in ("Basic YWRtaW46YWRtaW4xMjM=", "Bearer", "Bearer  ", ""):
        assert nobody(method, a_path(path), Authorization=header).status == 401, header


@pytest.mark.parametrize(("method", "path"), WRITING)
def test_who_may_only_read_writes_nothing(world: World, nobody: Caller, method: str, path: str) -> None:
    standing = world.put(a_session())
    answer = Caller(nobody.client, world.token(role=Role.READ_ONLY))(method, a_path(path), a_body(path))
    assert (answer.status, answer.json["code"]) == (403, "FORBIDDEN")
    assert world.messages.rows == {}
    assert world.sessions.rows == {standing.uid: standing}


@pytest.mark.parametrize(("method", "path"), sorted(set(GUARDED) - set(WRITING)))
def test_who_may_only_read_reads_everything(world: World, nobody: Caller, method: str, path: str) -> None:
    world.put(a_session())
    answer = Caller(nobody.client, world.token(role=Role.READ_ONLY))(method, a_path(path))
    assert answer.status in {200, 404, 409}
    assert answer.json.get("code") in {None, "MESSAGE_NOT_FOUND", "SESSION_STOPPED"}


@pytest.mark.parametrize(("method", "path"), [route for route in GUARDED if "{id}" in route[1]])
def test_another_tenants_session_is_not_there(world: World, nobody: Caller, method: str, path: str) -> None:
    standing = world.put(a_session())
    answer = Caller(nobody.client, world.token(tenant="other"))(method, a_path(path), a_body(path))
    assert (answer.status, answer.json["code"]) == (404, "SESSION_NOT_FOUND")
    assert world.messages.rows == {}
    assert world.sessions.rows == {standing.uid: standing}


@pytest.mark.parametrize(("method", "path"), [route for route in GUARDED if "{id}" in route[1]])
@pytest.mark.parametrize("name", ["unknown", "..", "-ana", "a%00b", "a%2Fb", "a" * 65, "%F0%9F%98%80"])
def test_an_id_that_no_session_has_is_not_there(ana: Caller, method: str, path: str, name: str) -> None:
    answer = ana(method, a_path(path.replace("{id}", name)), a_body(path))
    assert (answer.status, answer.json["code"]) == (404, "SESSION_NOT_FOUND")


def test_a_token_with_a_tenant_that_is_not_ours_sees_nothing(world: World, nobody: Caller) -> None:
    world.put(a_session())
    answer = Caller(nobody.client, world.token(tenant="other"))("GET", "/api/sessions")
    assert answer.json["data"]["sessions"] == []


def test_no_answer_allows_another_origin(ana: Caller) -> None:
    answer = ana("GET", "/api/sessions", Origin="https://evil.example")
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("accept", [None, "*/*", "image/avif,image/webp,*/*;q=0.8", "application/json", "text/html"])
def test_every_accept_header_gets_an_answer(nobody: Caller, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}
    assert nobody("GET", "/health", **headers).json == {"status": "ok", "service": "switchboard"}


@pytest.mark.parametrize("path", ["/sessions", "/api/sessions", "/health"])
def test_a_wrong_method_is_told_so_in_json(ana: Caller, path: str) -> None:
    answer = ana("PUT", path)
    assert (answer.status, answer.json["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["Allow"]


def test_importing_the_app_loads_nothing_that_a_request_may_not_need() -> None:
    heavy = ("neonize", "qrcode", "PIL", "phonenumbers", "chalicelib.worker", "infra")
    code = f"import sys, app; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
