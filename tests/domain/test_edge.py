import pytest

from chalicelib.domain.edge import DIALECT_PARAMETER, RESERVED_PARAMETERS, SESSION_PARAMETER, Door, door, strip

PATHS = (("/api/sessions/{id}/ws", "enveloped"), ("/api/ws/{id}", "enveloped"))


@pytest.mark.parametrize("path", ["/api/sessions/628123/ws", "/api/ws/628123"])
def test_a_session_s_socket_path_leads_to_the_websocket_api_with_the_session_named(path):
    found = door(path, {}, PATHS)
    assert found.api == "websocket"
    assert found.parameters == {DIALECT_PARAMETER: "enveloped", SESSION_PARAMETER: "628123"}


@pytest.mark.parametrize(
    "path", ["/", "/sessions", "/api/sessions/a/b/ws", "/api/sessions//ws", "/api/sessions/a/ws//"]
)
def test_every_other_path_leads_to_rest(path):
    assert door(path, {}, PATHS).api == "rest"


@pytest.mark.parametrize("path", ["/socket.io/", "/socket.io"])
def test_socket_io_goes_where_its_transport_leads(path):
    assert door(path, {"EIO": "4", "transport": "websocket"}, PATHS) == Door(
        "websocket", {DIALECT_PARAMETER: "socketio"}
    )
    for query in ({"transport": "polling"}, {"transport": "carrier-pigeon"}, {}):
        assert door(path, query, PATHS) == Door("rest", {}, "/socket.io")


def test_what_only_the_edge_may_set_is_stripped_from_a_client_s_query():
    assert strip({"token": "t", **dict.fromkeys(RESERVED_PARAMETERS, "forged")}) == {"token": "t"}
