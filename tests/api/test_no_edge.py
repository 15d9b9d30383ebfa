"""A gateway without an edge: it tells where its WebSockets are, its page too, and forged parameters gain nothing."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.api import about, call, page, sockets
from chalicelib.api.call import edgeless
from chalicelib.config import settings
from chalicelib.dialects import websocket_paths
from chalicelib.domain.edge import CATCH_ALL, destination
from chalicelib.page import build as built
from infra.template import TEMPLATE, load_template
from tests.api.conftest import Caller, World
from tests.api.test_sockets import an_event
from tests.api.test_unknown import ask
from tests.makers import a_session

SOCKETS = "wss://y.execute-api.eu-west-1.amazonaws.com/api"
HERE = {"Host": "x.execute-api.eu-west-1.amazonaws.com", "X_Forwarded_Proto": "https"}


@pytest.fixture
def no_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCKETS_ADDRESS", SOCKETS)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for module in (about, call, page):
        monkeypatch.setattr(module, "settings", settings.__wrapped__)


@pytest.mark.usefixtures("no_edge")
def test_edge_json_says_where_calls_go_and_where_websockets_are_opened(nobody: Caller) -> None:
    told = nobody("GET", "/edge.json", **HERE).json
    assert (told["edge"], told["rest"]) == (False, "https://x.execute-api.eu-west-1.amazonaws.com")
    addresses = {one["path"]: one["address"] for one in told["websockets"]}
    assert addresses["/v1/ws"] == f"{SOCKETS}?sb_dialect=native"
    assert addresses["/api/sessions/{id}/ws"] == f"{SOCKETS}?sb_dialect=enveloped&sb_session={{id}}"


@pytest.mark.usefixtures("no_edge")
def test_an_address_has_the_parameters_that_an_edge_would_set(nobody: Caller) -> None:
    for one in nobody("GET", "/edge.json", **HERE).json["websockets"]:
        path = one["path"].replace("{id}", "ana")
        way = destination(path, {"transport": "websocket"}, websocket_paths(), handshake=True)
        query = urlsplit(one["address"].replace("{id}", "ana")).query
        assert {name: value for name, (value,) in parse_qs(query).items()} == way.parameters


def test_with_an_edge_all_is_at_the_gateway_s_own_address(nobody: Caller) -> None:
    told = nobody("GET", "/edge.json", Host="localhost:8123").json
    assert (told["edge"], told["rest"]) == (True, "http://localhost:8123")
    assert {one["address"] for one in told["websockets"]} >= {"ws://localhost:8123/v1/ws"}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("path", "server"),
    [
        ("/api/openapi.json", "https://x.execute-api.eu-west-1.amazonaws.com/api"),
        ("/openapi.json", "/"),
    ],
)
def test_the_description_s_server_has_the_stage_where_there_is_one(path: str, server: str) -> None:
    answer = ask("GET", "/openapi.json", resource="/openapi.json", called=path, **HERE)
    assert answer.json["servers"] == [{"url": server}]


@pytest.mark.usefixtures("no_edge")
@pytest.mark.parametrize("path", ["/", "/passkey"])
def test_the_page_is_told_and_let_there(nobody: Caller, path: str) -> None:
    answer = nobody("GET", path, **HERE)
    content = answer.content.decode()
    assert f'<meta name="sockets" content="{SOCKETS}?sb_dialect=native">' in content
    (allowed,) = re.findall("connect-src ([^;]*);", answer.headers["Content-Security-Policy"])
    assert "wss://y.execute-api.eu-west-1.amazonaws.com" in allowed.split()


def test_with_an_edge_the_page_s_policy_names_nothing_more(nobody: Caller) -> None:
    answer = nobody("GET", "/")
    assert "wss:" not in answer.headers["Content-Security-Policy"]
    assert b'name="sockets"' not in answer.content


OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}
"""What the edge's policy in infra/template.yaml says, as the test below holds it to."""


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("path", "resource"),
    [("/health", "/health"), ("/", "/"), ("/v1/sessions", "/v1/sessions"), ("/no/such", CATCH_ALL)],
)
def test_without_an_edge_each_answer_says_that_the_gateway_is_over_https_alone(path: str, resource: str) -> None:
    answer = ask("GET", path, resource=resource, **HERE)
    assert answer.headers.items() >= OVER_TLS.items()
    assert (answer.headers["X-Frame-Options"], answer.headers["Referrer-Policy"]) == ("DENY", "no-referrer")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_edge_says_nothing_else() -> None:
    said = load_template(TEMPLATE).resources["EdgeHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    security = said["SecurityHeadersConfig"]
    assert set(security) == {"StrictTransportSecurity", "ContentTypeOptions", "FrameOptions", "ReferrerPolicy"}
    assert (
        OVER_TLS["Strict-Transport-Security"]
        == f"max-age={security['StrictTransportSecurity']['AccessControlMaxAgeSec']}"
    )
    assert edgeless({}) == {
        "X-Frame-Options": security["FrameOptions"]["FrameOption"],
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
    }


def test_over_http_nothing_is_said_of_https(nobody: Caller) -> None:
    assert "Strict-Transport-Security" not in nobody("GET", "/", Host="localhost:8123").headers


def test_where_there_is_an_edge_that_is_the_edge_s(nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SECRET", '{"current": "secret"}')
    monkeypatch.setattr("chalicelib.api.call.settings", settings.__wrapped__)
    answer = nobody("GET", "/health", X_Switchboard_Edge="secret", **HERE)
    assert answer.status == 200
    assert "Strict-Transport-Security" not in answer.headers


def test_a_file_of_the_page_is_no_page_of_its_own(nobody: Caller) -> None:
    said = load_template(TEMPLATE).resources["PageHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    answer = nobody("GET", f"/page/{built()}/main.js", **HERE)
    assert (
        answer.headers["Content-Security-Policy"]
        == (said["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"])
    )
    for one in said["CustomHeadersConfig"]["Items"]:
        assert answer.headers[one["Header"]] == one["Value"]


@pytest.mark.usefixtures("no_edge")
@pytest.mark.parametrize("named", ["theirs", "the%69rs", "../theirs", "", "theirs/x", "*"])
def test_whoever_writes_the_edge_s_parameters_watches_nothing_that_isn_t_theirs(world: World, named: str) -> None:
    world.put(a_session(id="theirs", tenant="other"))
    query = {"sb_dialect": "enveloped", "sb_session": named, "token": world.token()}
    event = an_event("CONNECT", queryStringParameters=query, headers={})
    assert sockets.connect(event, None)["statusCode"] in {400, 404}
    assert world.stores.watchers.get("w1") is None


@pytest.mark.usefixtures("no_edge")
@pytest.mark.parametrize("dialect", ["", "bare", "letsbot", "no-such", "native&sb_session=x"])
def test_nor_does_a_dialect_open_what_has_no_websocket(world: World, dialect: str) -> None:
    query = {"sb_dialect": dialect, "token": world.token()}
    event = an_event("CONNECT", queryStringParameters=query, headers={})
    assert sockets.connect(event, None)["statusCode"] == 400
