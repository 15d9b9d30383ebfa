"""What packaging makes of the app: the API's definition, and handlers that Lambda can call."""

import base64
import importlib
import json

import pytest
from chalice.deploy.swagger import CFNSwaggerGenerator, TemplatedSwaggerGenerator
from chalice.package import TemplateDeepMerger

from app import app
from chalicelib.api.received import LIMIT
from infra.template import TEMPLATE, load_template
from tests.api.conftest import World

DEFINITION = TemplatedSwaggerGenerator().generate_swagger(app)


def test_every_answer_is_binary_to_api_gateway() -> None:
    assert DEFINITION["x-amazon-apigateway-binary-media-types"] == ["*/*"]


def test_every_path_answers_preflights_of_other_origins_itself() -> None:
    asked = [methods["options"] for methods in DEFINITION["paths"].values()]
    assert {one["x-amazon-apigateway-integration"]["type"] for one in asked} == {"aws_proxy"}


def test_every_route_says_what_it_does() -> None:
    routes = [method for methods in DEFINITION["paths"].values() for method in methods.values()]
    assert all(route["summary"] for route in routes)


def test_a_body_that_we_accept_fits_through_lambda() -> None:
    assert LIMIT * 4 / 3 < 6 * 1024 * 1024


@pytest.mark.parametrize("route", ["$connect", "$default", "$disconnect"])
def test_lambda_can_call_the_websocket_handlers(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _, name = app.websocket_handlers[route].handler_string.rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    assert type(handler).__name__ == "WebsocketEventSourceHandler"


def test_an_event_as_api_gateway_sends_it_is_answered_as_it_wants(world: World) -> None:
    body = base64.b64encode(b'{"username": "admin", "password": "admin123"}').decode()
    event = {
        "httpMethod": "POST",
        "path": "/api/auth/login",
        "headers": {"content-type": "application/json"},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/api/auth/login",
            "requestId": "r1",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": body,
        "isBase64Encoded": True,
    }
    answer = app(event, None)
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    assert json.loads(base64.b64decode(answer["body"]))["data"]["token"]


def test_polls_come_to_a_function_of_their_own_which_is_the_same_app(world: World) -> None:
    event = {
        "httpMethod": "GET",
        "path": "/socket.io",
        "headers": {},
        "multiValueQueryStringParameters": {"EIO": ["4"], "transport": ["polling"]},
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": "/socket.io",
            "requestId": "r1",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": None,
        "isBase64Encoded": False,
    }
    (polls,) = [one for one in app.pure_lambda_functions if one.name == "polls"]
    module, _, name = polls.handler_string.rpartition(".")
    answer = getattr(importlib.import_module(module), name)(event, None)
    assert answer["statusCode"] == 200
    assert base64.b64decode(answer["body"]).startswith(b'0{"sid":')


def test_the_packaged_api_leads_polls_there_and_posts_to_all_the_rest() -> None:
    added = load_template(TEMPLATE).resources["RestAPI"]["Properties"]["DefinitionBody"]
    chalice_s = CFNSwaggerGenerator().generate_swagger(app)
    merged = TemplateDeepMerger().merge(added, chalice_s)["paths"]["/socket.io"]
    there = {method: said["x-amazon-apigateway-integration"] for method, said in merged.items()}
    assert {method: "${Polls.Arn}" in said["uri"]["Fn::Sub"] for method, said in there.items()} == {
        "get": True,
        "head": True,
        "post": False,
        "options": False,
    }
    assert {said["type"] for said in there.values()} == {"aws_proxy"}
