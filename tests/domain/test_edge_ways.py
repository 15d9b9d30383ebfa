"""Where WebSockets are opened, with an edge and without one."""

from chalicelib.domain.edge import websocket_ways

PATHS = (("/v1/ws", "native"), ("/api/sessions/{id}/ws", "enveloped"))


def test_behind_an_edge_each_is_at_its_path() -> None:
    ways = websocket_ways("https://whatsapp.example.com", "", PATHS)
    assert [(way.path, way.address) for way in ways] == [
        ("/v1/ws", "wss://whatsapp.example.com/v1/ws"),
        ("/api/sessions/{id}/ws", "wss://whatsapp.example.com/api/sessions/{id}/ws"),
        ("/socket.io", "wss://whatsapp.example.com/socket.io"),
    ]


def test_without_one_the_parameters_say_what_the_path_would() -> None:
    ways = websocket_ways("https://x.example/api", "wss://y.example/api", PATHS)
    assert [(way.path, way.dialect, way.address) for way in ways] == [
        ("/v1/ws", "native", "wss://y.example/api?sb_dialect=native"),
        ("/api/sessions/{id}/ws", "enveloped", "wss://y.example/api?sb_dialect=enveloped&sb_session={id}"),
        ("/socket.io", "socketio", "wss://y.example/api?sb_dialect=socketio"),
    ]


def test_an_address_without_tls_has_a_websocket_without_it() -> None:
    (way, *_) = websocket_ways("http://localhost:8080", "", PATHS)
    assert way.address == "ws://localhost:8080/v1/ws"
