"""A gateway without an edge: it tells where its WebSockets are, its page too, and forged parameters gain nothing."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.api import about, page, sockets
from chalicelib.config import settings
from chalicelib.dialects import websocket_paths
from chalicelib.domain.edge import destination
from tests.api.conftest import Caller, World
from tests.api.test_sockets import an_event
from tests.makers import a_session

SOCKETS = "wss://y.execute-api.eu-west-1.amazonaws.com/api"
HERE = {"Host": "x.execute-api.eu-west-1.amazonaws.com", "X_Forwarded_Proto": "https"}


@pytest.fixture
def no_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCKETS_ADDRESS", SOCKETS)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for module in (about, page):
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
