"""The edge function beside the local front: the same table, the same answers."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from chalicelib.dialects import websocket_paths
from chalicelib.domain.edge import destination, strip
from infra.edge import function_code
from infra.edge.function import LIMIT
from tests.edge.node import VIEWER, Edge, as_api_gateway_reads, running
from tests.local.serving import serving

TARGETS = [
    "/",
    "/sessions",
    "/sessions/",
    "/sessions//",
    "//",
    "/ws",
    "/ws?token=t&since=7",
    "/api/ws/628123?token=t",
    "/api/ws/628123?token=a&token=b",
    "/api/ws/628123?token=a%2Bb+c",
    "/api/ws/ana%20b%C3%A9",
    "/api/ws/a%2Fb",
    "/api/ws/a+b",
    "/api/ws/a&sb_dialect=socketio",
    "/api/ws/a=b;c",
    "/api/ws/one?sb_session=two&sb_dialect=bare",
    "/api/ws/one?sb%5Fsession=two&%73b_dialect=bare&sb_session=three&sb_session=four",
    "/api/ws/",
    "/api/ws",
    "/api/ws/one/",
    "/api/ws/one//",
    "/api/ws/one/?token=t",
    "/api/ws//",
    "/API/ws/one",
    "/api//ws/one",
    "/api/sessions/628123/ws?token=t",
    "/api/sessions//ws",
    "/api/sessions/a/b/ws",
    "/api/sessions/a/ws/",
    "/api/sessions/a/ws/?token=t",
    "/api/sessions/a/ws//",
    "/socket.io/?EIO=4&transport=websocket",
    "/socket.io?EIO=4&transport=websocket&sid=abc",
    "/socket.io/?EIO=4&transport=polling",
    "/socket.io/?EIO=4&transport=polling&transport=websocket",
    "/socket.io/?EIO=4&transport=websocket&transport=polling",
    "/socket.io/?EIO=4&%74ransport=web%73ocket",
    "/socket.io/?EIO=4&transport=websocket&sb_session=forged",
    "/socket.io/?transport=web%zzsocket",
    "/socket.io/",
    "/socket.io//",
    "/socketxio/?transport=websocket",
]


HANDSHAKE = {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    with running() as one:
        yield one


def cloud(edge: Edge, target: str) -> tuple[str, str | None, dict[str, str] | None]:
    """Return the origin that a target leads to, with REST's path or else what ``$connect`` reads."""
    said = edge.ask(target, **HANDSHAKE)
    if said["origin"] == "rest":
        return "rest", said["request"]["uri"], None
    assert said["request"]["uri"] == "/api"
    return "websocket", None, as_api_gateway_reads(said["request"]["querystring"])


def table(target: str) -> tuple[str, str | None, dict[str, str] | None]:
    """Return the same by the edge table, as the local front goes by it."""
    path, _, text = target.partition("?")
    query = dict(reversed(parse_qsl(text, keep_blank_values=True)))
    way = destination(path, query, websocket_paths(), handshake=True)
    if way.api == "rest":
        return "rest", way.path or path, None
    last = dict(parse_qsl(text, keep_blank_values=True))
    return "websocket", None, strip(last) | {name: unquote(value) for name, value in way.parameters.items()}


async def front(targets: list[str]) -> list[tuple[str, str | None, dict[str, str] | None]]:
    """Return the same as the local front's own answers show it."""
    found: list[tuple[str, str | None, dict[str, str] | None]] = []
    async with serving() as served:
        for target in targets:
            url = URL(served.url + target, encoded=True)
            try:
                async with served.http.ws_connect(url):
                    queries = [said for kind, said in served.seen if kind == "connect"]
                    found.append(("websocket", None, queries[-1]))
            except aiohttp.WSServerHandshakeError:
                found.append(("rest", None, None))
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_the_function_leads_where_the_table_says(edge: Edge, target: str) -> None:
    assert cloud(edge, target) == table(target)


@pytest.mark.parametrize("path", ["/api/ws/one", "/api/sessions/one/ws"])
def test_a_slash_at_the_end_of_a_websocket_s_path_changes_nothing(edge: Edge, path: str) -> None:
    expected = ("websocket", None, {"token": "t", "sb_dialect": "enveloped", "sb_session": "one"})
    assert cloud(edge, f"{path}?token=t") == cloud(edge, f"{path}/?token=t") == expected


@pytest.mark.parametrize("target", ["/api/ws/one", "/api/sessions/one/ws?token=t", "/api/ws/one/"])
def test_what_is_no_handshake_goes_to_rest_whatever_its_path(edge: Edge, target: str) -> None:
    said = edge.ask(target)
    assert (said["origin"], said["request"]["uri"]) == ("rest", target.partition("?")[0].rstrip("/"))


def test_nor_does_one_at_the_end_of_another(edge: Edge) -> None:
    assert cloud(edge, "/sessions/?limit=1") == ("rest", "/sessions", None)
    assert cloud(edge, "/") == ("rest", "/", None)


def test_the_function_leads_where_the_local_front_does(edge: Edge) -> None:
    local = asyncio.run(front(TARGETS))
    assert [(api, None, query) for api, _, query in (cloud(edge, target) for target in TARGETS)] == local


SEGMENT = st.one_of(
    st.sampled_from(["api", "ws", "sessions", "socket.io", "", "..", "a", "628123"]),
    st.text(min_size=1, max_size=6).map(lambda text: quote(text, safe="!$&'()*+,;=:@")),
)
PAIR = st.tuples(
    st.sampled_from(["transport", "%74ransport", "sb_session", "sb%5fdialect", "token", "a"]),
    st.one_of(st.sampled_from(["websocket", "polling", "web%73ocket", ""]), st.text(max_size=4).map(quote)),
)


@settings(deadline=None)
@given(st.lists(SEGMENT, min_size=1, max_size=5), st.lists(PAIR, max_size=4, unique_by=lambda pair: pair[0]))
def test_any_path_goes_where_the_table_says(edge: Edge, segments: list[str], pairs: list[tuple[str, str]]) -> None:
    target = "/" + "/".join(segments) + "?" + "&".join(f"{name}={value}" for name, value in pairs)
    assert cloud(edge, target) == table(target)


@settings(deadline=None)
@given(st.sampled_from(["/api/ws/{}", "/api/sessions/{}/ws"]), SEGMENT.filter(bool))
def test_any_session_s_name_arrives_whole(edge: Edge, template: str, name: str) -> None:
    _, _, query = cloud(edge, template.format(name))
    assert query == {"sb_dialect": "enveloped", "sb_session": unquote(name)}


@pytest.mark.parametrize("target", ["/sessions", "/api/ws/one"])
def test_the_viewer_s_address_is_cloudfront_s_word_alone(edge: Edge, target: str) -> None:
    said: dict[str, Any] = edge.ask(
        target, X_Switchboard_Viewer="198.51.100.1", X_Forwarded_For="198.51.100.1", **HANDSHAKE
    )
    assert said["request"]["headers"]["x-switchboard-viewer"] == {"value": VIEWER}


@pytest.mark.parametrize("target", ["/docs", "/api/ws/one"])
def test_the_name_that_was_called_is_cloudfront_s_word_alone(edge: Edge, target: str) -> None:
    said: dict[str, Any] = edge.ask(target, Host="whatsapp.example.com", X_Switchboard_Host="evil.example", **HANDSHAKE)
    assert said["request"]["headers"]["x-switchboard-host"] == {"value": "whatsapp.example.com"}
    assert "x-switchboard-host" not in edge.ask(target, X_Switchboard_Host="evil.example")["request"]["headers"]


def test_what_goes_to_rest_keeps_its_query_as_it_came(edge: Edge) -> None:
    said = edge.ask("/sessions?a=%2B+&a=2&b")
    assert said["request"]["querystring"] == {
        "a": {"value": "%2B+", "multiValue": [{"value": "%2B+"}, {"value": "2"}]},
        "b": {"value": ""},
    }


def test_the_function_is_small_enough_for_cloudfront() -> None:
    code = function_code()
    assert len(code.encode()) < LIMIT
    assert "{{" not in code
