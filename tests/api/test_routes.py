"""Every route: its permission is checked, its path fits API Gateway, its pictures get through."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from app import app
from tests.api.conftest import Caller, World
from tests.api.routes import ABOUT_A_SESSION, CREATES, DECLARED, NAMES, a_body, a_path, is_public
from tests.makers import a_session

REPOSITORY = Path(__file__).parents[2]


def test_every_route_declares_what_it_needs() -> None:
    # OPTIONS is there at every path, and needs nothing; HEAD is wherever GET is, and the same.
    routes = {(m, path) for path, methods in app.routes.items() for m in methods if m not in {"OPTIONS", "HEAD"}}
    assert routes == set(DECLARED)


def test_only_health_login_the_docs_and_what_checks_by_itself_are_public() -> None:
    # Socket.IO's clients may show their credential in a packet later; a link's secret is one itself.
    public = {path for (_, path), needs in DECLARED.items() if is_public(needs)}
    told = {"/", "/health", "/api/health", "/openapi.json", "/edge.json", "/docs", "/passkey", "/page/{build}/{asset}"}
    assert public - {"/socket.io"} == {*told, "/api/auth/login", "/v1/invitations/exchange"}


def test_a_path_level_has_one_variable_name_at_most() -> None:
    names = defaultdict(set)
    for path in app.routes:
        for at in re.finditer(r"\{(\w+)\}", path):
            names[re.sub(r"\{\w+\}", "{}", path[: at.start()])].add(at[1])
    assert {tuple(sorted(found)) for found in names.values()} == {(name.strip("{}"),) for name in NAMES}


ILLEGAL = pytest.mark.parametrize("name", ["..", "-ana", "a%00b", "a%2Fb", "a" * 65, "%F0%9F%98%80", "Caf%C3%A9"])


@pytest.mark.parametrize(("method", "path"), [route for route in ABOUT_A_SESSION if route not in CREATES])
@ILLEGAL
def test_an_id_that_no_session_can_have_is_not_there(ana: Caller, method: str, path: str, name: str) -> None:
    answer = ana(method, a_path(path.replace("{id}", name)), a_body(path))
    assert (answer.status, answer.error["code"]) == (404, "SESSION_NOT_FOUND")


@pytest.mark.parametrize(("method", "path"), CREATES)
@ILLEGAL
def test_an_id_that_no_session_may_be_given_is_refused_by_name(
    *, world: World, ana: Caller, method: str, path: str, name: str
) -> None:
    answer = ana(method, a_path(path.replace("{id}", name)), a_body(path))
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", "id")
    assert answer.json["error"].startswith("'id' must begin with a letter or digit")
    assert not world.stores.sessions.rows


@pytest.mark.parametrize(("method", "path"), [route for route in ABOUT_A_SESSION if route[0] != "GET"])
def test_every_route_that_makes_a_session_of_its_path_is_known_to(
    *, world: World, ana: Caller, method: str, path: str
) -> None:
    ana(method, a_path(path.replace("{id}", "new")), a_body(path))
    assert bool(world.stores.sessions.rows) == ((method, path) in CREATES)


@pytest.mark.parametrize(("method", "path"), [route for route in ABOUT_A_SESSION if route not in CREATES])
def test_an_id_that_no_session_has_is_not_there(ana: Caller, method: str, path: str) -> None:
    answer = ana(method, a_path(path.replace("{id}", "unknown")), a_body(path))
    assert (answer.status, answer.error["code"]) == (404, "SESSION_NOT_FOUND")


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
    assert nobody("GET", "/health", **headers).json["status"] == "ok"


@pytest.mark.subprocess
def test_importing_the_app_loads_nothing_that_a_request_may_not_need() -> None:
    heavy = ("neonize", "qrcode", "PIL", "phonenumbers", "chalicelib.worker", "infra")
    code = f"import sys, app; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
