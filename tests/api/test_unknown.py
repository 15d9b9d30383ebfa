"""What no route takes: unknown paths and wrong methods in their family's words, HEAD, as API Gateway's events bring them."""

import base64
import json
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from app import app
from chalicelib.config import settings
from chalicelib.domain.edge import CATCH_ALL
from chalicelib.services.correlation import HEADER
from tests.api.conftest import World
from tests.api.routes import DECLARED, a_path
from tests.makers import a_session

SHOP = "https://shop.example"
ENVELOPE, BARE, COMPANY, ENGINE, NATIVE = (
    {"success", "error", "code", "message", "hint"},
    {"error", "code", "timestamp", "hint"},
    {"success", "error", "code", "status_code", "hint"},
    {"code", "message"},
    {"error", "request_id"},
)
NUMBERS = count()
PATHS = sorted({path for _, path in DECLARED})


@dataclass
class Answered:
    """The function's answer to an event."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


def ask(
    method: str, path: str, *, resource: str = CATCH_ALL, query: Any = None, called: str | None = None, **headers: str
) -> Answered:
    """Hand the function what API Gateway does; by itself it knows no resource but the one for all the rest.

    ``called`` is the path with the stage, as callers of API Gateway's own address have it.
    """
    event = {
        "httpMethod": method,
        "path": path,
        "headers": {name.replace("_", "-").lower(): value for name, value in headers.items()},
        "multiValueQueryStringParameters": query,
        "pathParameters": {"proxy": path.removeprefix("/")},
        "stageVariables": None,
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "path": called or path,
            "extendedRequestId": str(next(NUMBERS)),
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": None,
        "isBase64Encoded": False,
    }
    answer = app(event, None)
    assert answer["isBase64Encoded"]
    return Answered(answer["statusCode"], answer["headers"], base64.b64decode(answer["body"]))


@pytest.fixture(autouse=True)
def origins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", SHOP)
    monkeypatch.setattr("chalicelib.api.gateway.settings", settings.__wrapped__)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/nowhere", BARE),
        ("/sessions/a/b/c", BARE),
        ("/apiary", BARE),
        ("//elsewhere/api/sessions", BARE),
        ("/api", ENVELOPE),
        ("/api/", ENVELOPE),
        ("/api/nowhere", ENVELOPE),
        ("/api/sessions/ana/nowhere", ENVELOPE),
        ("/api/v1", ENVELOPE),
        ("/api/v1/message/nowhere", ENVELOPE),
        ("/whatsapp/nowhere", COMPANY),
        ("/whatsapp/companies/default/nowhere", COMPANY),
        ("/socket.io/nowhere", ENGINE),
        ("/v1", NATIVE),
        ("/v1/nowhere", NATIVE),
        ("/v1/sessions/ana/nowhere", NATIVE),
        ("/v1x", BARE),
    ],
)
def test_an_unknown_path_is_answered_in_its_family_s_words(path: str, fields: set[str]) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = ask(method, path, Origin=SHOP)
        assert (answer.status, set(answer.json)) == (404, fields)
        said = answer.json["error"] if fields is NATIVE else answer.json
        assert said.get("message", said.get("error")).startswith("There is nothing at this address.")
        assert said["code"] == (3 if fields is ENGINE else "NOT_FOUND")
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP


@pytest.mark.parametrize(
    "path", ["/api/ws/ana", "/api/sessions/ana/ws", "/api/sessions/ana/ws/", "/api/sessions/a%2Fb/ws"]
)
def test_a_websocket_s_path_asks_for_an_upgrade_in_its_family_s_words(path: str) -> None:
    for method in ("GET", "POST"):
        answer = ask(method, path, Origin=SHOP)
        assert (answer.status, set(answer.json), answer.json["code"]) == (426, ENVELOPE, "UPGRADE_REQUIRED")
        assert answer.headers["Upgrade"] == "websocket"
        assert "Allow" not in answer.headers
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert (ask("HEAD", path).status, ask("HEAD", path).content) == (426, b"")
    assert ask("OPTIONS", path, Origin=SHOP).status == 204


# API Gateway hands over what a resource has no method for by the resource for all the rest; the local front by its own.
@pytest.mark.parametrize(
    ("path", "resource"), [(path, path) for path in PATHS] + [(path, CATCH_ALL) for path in PATHS if path != "/"]
)
def test_a_wrong_method_is_answered_in_its_family_s_words(path: str, resource: str) -> None:
    answer = ask("TRACE", a_path(path), resource=resource, Origin=SHOP)
    prefix = path.split("/")[1]
    fields = {"api": ENVELOPE, "whatsapp": COMPANY, "socket.io": ENGINE, "v1": NATIVE}.get(prefix, BARE)
    assert (answer.status, set(answer.json)) == (405, fields)
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    methods = {method for method, declared in DECLARED if declared == path}
    assert methods | {"OPTIONS"} <= set(answer.headers["Allow"].split(", "))


def test_no_other_page_may_read_it() -> None:
    assert not [
        name for name in ask("GET", "/nowhere", Origin="https://evil.example").headers if "Allow-Origin" in name
    ]


@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere", "/api/sessions/ana"])
def test_a_page_may_ask_before_it_learns_that_there_is_nothing(path: str) -> None:
    answer = ask("OPTIONS", path, Origin=SHOP)
    assert (answer.status, answer.content, answer.headers["Access-Control-Allow-Origin"]) == (204, b"", SHOP)


@pytest.mark.parametrize("path", [path for method, path in sorted(DECLARED) if method == "GET"])
def test_every_get_has_a_head(path: str) -> None:
    assert "HEAD" in app.routes[path]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/sessions/"), ("POST", "/api/auth/login/")])
def test_a_path_with_a_slash_too_many_is_told_so(method: str, path: str) -> None:
    answer = ask(method, path)
    assert answer.status == 404
    assert b"Leave out the slash at its end." in answer.content
    assert "Allow" not in answer.headers


def test_a_head_is_the_get_without_its_body(world: World) -> None:
    world.put(a_session())
    for path, template in (("/health", "/health"), ("/api/sessions", "/api/sessions"), ("/docs", "/docs")):
        told = {"Authorization": f"Bearer {world.token()}"}
        head, get = (ask(method, path, resource=template, **told) for method in ("HEAD", "GET"))
        assert (head.status, head.content) == (get.status, b"")
        assert get.content
        assert head.headers | {HEADER: ""} == get.headers | {HEADER: ""}


def test_a_head_needs_what_its_get_needs() -> None:
    answer = ask("HEAD", "/api/sessions", resource="/api/sessions")
    assert (answer.status, answer.content) == (401, b"")


def test_a_head_of_nothing_has_no_body() -> None:
    answer = ask("HEAD", "/nowhere")
    assert (answer.status, answer.content) == (404, b"")


def test_a_head_takes_nothing_from_a_socket_io_client(world: World) -> None:
    form = {"EIO": ["4"], "transport": ["polling"]}
    answer = ask("HEAD", "/socket.io", resource="/socket.io", query=form)
    assert (answer.status, answer.content) == (200, b"")
    assert not world.stores.channels.rows
