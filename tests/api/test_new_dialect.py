"""A seventh dialect is two folders and one line: everything else finds it, as it finds those that are there."""

import json
import sys
from base64 import b64decode
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import pytest
from chalice.app import Chalice
from chalice.test import Client

from chalicelib import dialects
from chalicelib.api import sockets
from chalicelib.api.about import describe
from chalicelib.api.description.document import document
from chalicelib.api.gateway import families, serve
from chalicelib.dialects import websocket_paths
from chalicelib.domain.access import Principal, Role
from chalicelib.domain.edge import CATCH_ALL, DIALECT_PARAMETER, destination
from chalicelib.domain.events import Connected, Disconnected, Envelope
from chalicelib.services.watching.watching import History
from infra.edge import function_code
from tests.api import toy
from tests.api.conftest import World
from tests.composition import Rig
from tests.makers import NOW, a_running_session, a_session


@pytest.fixture(autouse=True)
def _a_toy_among_the_dialects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dialects.DIALECTS, "toy", toy.DIALECT)
    monkeypatch.setitem(sys.modules, "chalicelib.api.toy", toy)
    monkeypatch.setitem(sys.modules, "chalicelib.api.toy.examples", toy)


@cache
def toys() -> Chalice:
    """Return an app of the toy alone: a blueprint knows one app, and the other families' are the gateway's.

    It is made once a process, whose tests may come back to this module.
    """
    app = Chalice(app_name="toys")
    serve(app, (toy.router, describe(toy.ROUTERS)))
    return app


@pytest.fixture
def app() -> Chalice:
    return toys()


@pytest.fixture
def client(app: Chalice, world: World) -> Iterator[Client]:
    with Client(app) as client:
        yield client


def ask(app: Chalice, method: str, path: str, resource: str) -> tuple[int, Any]:
    """Hand the app what API Gateway does."""
    event = {
        "httpMethod": method,
        "path": path,
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path.removeprefix("/")},
        "stageVariables": None,
        "requestContext": {"httpMethod": method, "resourcePath": resource, "identity": {"sourceIp": "192.0.2.1"}},
        "body": None,
        "isBase64Encoded": False,
    }
    answer = app(event, None)
    return answer["statusCode"], json.loads(b64decode(answer["body"]))


def test_every_dialect_s_folders_have_its_name() -> None:
    for name, dialect in dialects.DIALECTS.items():
        if name != "toy":
            assert import_module(f"chalicelib.dialects.{name}").DIALECT is dialect
            assert not dialect.prefixes or import_module(f"chalicelib.api.{name}").ROUTERS


def test_its_routes_are_among_all_routes() -> None:
    assert families()[-1] is toy.router


def test_the_description_has_it_with_its_tag_its_errors_its_examples_and_its_websocket() -> None:
    told = document(families())
    assert told["tags"][-2:] == [
        {"name": "Toy", "description": "Routes under `/toy`."},
        {
            "name": "Accounts",
            "description": "Users, their passwords and API keys, and the tenants that they belong to.",
        },
    ]
    operation = told["paths"]["/toy/{id}"]["put"]
    assert operation["tags"] == ["Toy"]
    assert operation["requestBody"]["content"]["application/json"]["example"] == {"name": "Bear"}
    assert operation["responses"]["200"]["content"]["application/json"]["example"] == {"toy": "ana"}
    refusal = operation["responses"]["404"]["content"]["application/json"]
    assert refusal["schema"] == {"$ref": "#/components/schemas/ToyError"}
    assert told["components"]["examples"]["ToyError.SESSION_NOT_FOUND"]["value"] == {"oops": "SESSION_NOT_FOUND"}
    assert {"path": "/toy/{id}/ws", "dialect": "toy", "description": "What toys hear."} in told["x-websockets"]


def test_its_routes_answer_in_its_shapes(client: Client, world: World) -> None:
    world.put(a_session())
    authorized = {"Authorization": f"Bearer {world.token()}"}
    assert client.http.get("/toy/ana", headers=authorized).json_body == {"toy": "ana"}
    assert client.http.get("/toy/ben", headers=authorized).json_body == {"oops": "SESSION_NOT_FOUND"}
    assert client.http.get("/toy/ana").json_body == {"oops": "UNAUTHENTICATED"}


@pytest.mark.parametrize(
    ("request_line", "resource", "answer"),
    [
        ("GET /toy", CATCH_ALL, (404, {"oops": "NOT_FOUND"})),
        ("GET /toy/ana/nowhere", CATCH_ALL, (404, {"oops": "NOT_FOUND"})),
        ("DELETE /toy/ana", CATCH_ALL, (405, {"oops": "METHOD_NOT_ALLOWED"})),
        ("DELETE /toy/ana", "/toy/{id}", (405, {"oops": "METHOD_NOT_ALLOWED"})),
    ],
)
def test_where_it_has_no_route_its_shape_answers(
    app: Chalice, world: World, request_line: str, resource: str, answer: tuple[int, Any]
) -> None:
    method, path = request_line.split()
    assert ask(app, method, path, resource) == answer


def test_what_only_begins_like_its_paths_is_not_its_own(app: Chalice, world: World) -> None:
    assert "oops" not in ask(app, "GET", "/toys", CATCH_ALL)[1]


def test_its_websocket_is_in_the_edge_table() -> None:
    way = destination("/toy/ana/ws", {}, websocket_paths(), handshake=True)
    assert (way.api, way.parameters[DIALECT_PARAMETER]) == ("websocket", "toy")
    assert '"toy"' in function_code()


def test_its_watchers_are_let_in_and_refused_in_its_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    world.put(a_session())
    context = {"connectionId": "w1", "eventType": "CONNECT", "domainName": "x", "stage": "api", "apiId": "x"}

    def knock(**query: str) -> Any:
        event = {"requestContext": context, "headers": {}, "queryStringParameters": query | {"sb_dialect": "toy"}}
        return sockets.connect(event, None)

    assert knock(sb_session="ana", token=world.token())["statusCode"] == 200
    refused = knock(sb_session="ana")
    assert (refused["statusCode"], json.loads(refused["body"])) == (401, {"oops": "UNAUTHENTICATED"})


def test_its_watchers_are_told_and_answered_in_its_words() -> None:
    rig = Rig()
    session = a_running_session()
    rig.stores.sessions.create(session)
    rig.watching.connect("w1", Principal("ana", "default", Role.ADMIN), session="ana", dialect="toy")
    rig.push.snapshot("w1")
    for kind in (Connected.type, Disconnected.type):
        rig.push.push(Envelope("01E", kind, "default", "ana", session.uid, NOW, "c1", {"status": "CONNECTED"}))
    rig.watching.message("w1", "hello")
    assert rig.sockets.sent == [
        ("w1", f"toy sees {session.status}"),
        ("w1", "toy heard session.connected"),
        ("w1", "toy heard session.disconnected"),
        ("w1", "toy says hello"),
    ]


def test_its_endpoints_are_told_in_its_words() -> None:
    rig = Rig()
    session = a_running_session(webhook_url="https://example.com/old", webhook_secret="whsec_b2xk")
    rig.stores.sessions.create(session)
    rig.sessions.set_webhook("default", "ana", "https://example.com/hook", words="toy", events=None, key=None)
    happened = Envelope("01E", Connected.type, "default", "ana", session.uid, NOW, "c1", {"status": "CONNECTED"})
    History(rig.stores.history).record(happened)
    rig.webhooks.owe(happened)
    ((delivery, _),) = rig.deliveries.queued
    rig.webhooks.attempt(delivery)
    ((_, body, headers),) = rig.poster.posted
    assert (json.loads(body), headers["X-Toy"]) == ({"toy": "session.connected"}, "yes")
