import pytest

from chalicelib.domain.edge import (
    DIALECT_PARAMETER,
    RESERVED_PARAMETERS,
    REST,
    SESSION_PARAMETER,
    Destination,
    destination,
    strip,
)

PATHS = (("/api/sessions/{id}/ws", "enveloped"), ("/api/ws/{id}", "enveloped"))


@pytest.mark.parametrize("path", ["/api/sessions/628123/ws", "/api/ws/628123"])
def test_a_session_s_socket_path_leads_to_the_websocket_api_with_the_session_named(path):
    found = destination(path, {}, PATHS, handshake=True)
    assert found.api == "websocket"
    assert found.parameters == {DIALECT_PARAMETER: "enveloped", SESSION_PARAMETER: "628123"}


@pytest.mark.parametrize(
    "path", ["/", "/sessions", "/api/sessions/a/b/ws", "/api/sessions//ws", "/api/sessions/a/ws//"]
)
def test_every_other_path_leads_to_rest(path):
    assert destination(path, {}, PATHS, handshake=True).api == "rest"


@pytest.mark.parametrize("path", ["/socket.io/", "/socket.io"])
def test_socket_io_goes_where_its_transport_leads(path):
    assert destination(path, {"EIO": "4", "transport": "websocket"}, PATHS, handshake=True) == Destination(
        "websocket", {DIALECT_PARAMETER: "socketio"}
    )
    for query in ({"transport": "polling"}, {"transport": "carrier-pigeon"}, {}):
        assert destination(path, query, PATHS, handshake=True) == Destination("rest", {}, "/socket.io")


def test_what_is_no_handshake_goes_to_rest_whatever_its_path():
    assert destination("/api/ws/628123", {}, PATHS, handshake=False) == REST
    assert destination("/api/ws/628123/", {}, PATHS, handshake=False) == Destination("rest", {}, "/api/ws/628123")
    assert destination("/socket.io/", {"transport": "websocket"}, PATHS, handshake=False).api == "rest"


def test_what_only_the_edge_may_set_is_stripped_from_a_client_s_query():
    assert strip({"token": "t", **dict.fromkeys(RESERVED_PARAMETERS, "forged")}) == {"token": "t"}
