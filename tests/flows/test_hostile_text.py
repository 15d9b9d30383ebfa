"""Texts that no program can work with, sent to a running stack over plain sockets: each is refused by name."""

import json
import socket
from base64 import urlsafe_b64encode
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from infra.local.client import Stack

DEEP = "[" * 12_000 + "]" * 12_000
"""Within the 32 KB that a frame may have."""
DEEPLY_HEADED = urlsafe_b64encode(b'{"alg":"HS256","kid":' + b"[" * 8_000 + b"]" * 8_000 + b"}").decode() + ".e30.AA"
"""A token whose header is nested without end."""


def ask(stack: Stack, method: bytes, target: bytes, *headers: bytes, body: bytes = b"") -> tuple[int, str]:
    """Send a request's bytes as they are; return the status and the body of the answer."""
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *headers]
    lines += [b"Content-Length: %d" % len(body)]
    with socket.create_connection(("127.0.0.1", stack.port), timeout=40) as to:
        to.sendall(b"\r\n".join([*lines, b"", body]))
        answer = b"".join(iter(lambda: to.recv(65_536), b""))
    head, _, said = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), said.decode(errors="replace")


POLL = b"/socket.io/?EIO=4&transport=polling"


@pytest.mark.parametrize(
    ("header", "target"),
    [
        (b"Authorization: Bearer \xff", b"/api/sessions"),
        (b"Authorization: Bearer \xff", POLL),
        (b"Authorization: Bearer sb_\xff", b"/api/sessions"),
        (b"X-API-Key: sb_\xff", b"/api/sessions"),
    ],
)
def test_a_credential_of_bytes_that_are_no_text_is_refused(stack: Stack, header: bytes, target: bytes) -> None:
    status, said = ask(stack, b"GET", target, header)
    assert status == 401, said


@pytest.mark.parametrize(
    "header",
    [b"Content-Encoding: \xff", b"Content-Type: \xff", b"Idempotency-Key: \xff", b"Origin: \xff", b"User-Agent: \xff"],
)
def test_no_header_of_bytes_that_are_no_text_is_our_fault(stack: Stack, header: bytes) -> None:
    status, said = ask(stack, b"POST", b"/api/auth/login", header, body=b"{}")
    assert 400 <= status < 500, said


@pytest.mark.parametrize(
    "target",
    [
        b"/api/sessions/%ED%A0%80",
        b"/api/sessions/\xff",
        b"/sessions/%FF/qr",
        b"/api/sessions?limit=%ED%A0%80",
        b"/socket.io/?EIO=4&transport=polling&token=%ED%A0%80",
        b"/socket.io/?EIO=4&transport=polling&sid=%ED%A0%80",
        b"/socket.io/?EIO=4&transport=polling&sid=\xff",
    ],
)
def test_a_path_or_a_query_of_bytes_that_are_no_text_is_refused(stack: Stack, target: bytes) -> None:
    status, said = ask(stack, b"GET", target, b"Authorization: Bearer " + stack.token.encode())
    assert 400 <= status < 500, said


@pytest.mark.parametrize(
    "body",
    [
        rb'{"username":"\ud800","password":"x"}',
        b'{"username":"\xed\xa0\x80"}',
        DEEP.encode(),
        b'{"x":%b}' % DEEP.encode(),
    ],
)
def test_a_body_of_such_text_is_refused(stack: Stack, body: bytes) -> None:
    status, said = ask(stack, b"POST", b"/api/auth/login", body=body)
    assert (status, json.loads(said)["code"]) == (400, "INVALID_REQUEST")


HOSTILE = [
    r'40{"token":"\ud800"}',
    r'42["leave-session","\udfff"]',
    r'421["join-session","\ud83d"]',
    r'42["\udfff"]',
    f"40{DEEP}",
    f'42["join-session",{"[" * 40}{"]" * 40}]',
]


@pytest.mark.parametrize("packet", HOSTILE, ids=lambda packet: packet[:20])
def test_a_polling_client_s_packet_of_such_text_is_a_bad_request_and_ends_the_channel(
    stack: Stack, packet: str
) -> None:
    where = f"{stack.url}/socket.io/?EIO=4&transport=polling"
    sid = json.loads(requests.get(where, timeout=40).text[1:])["sid"]
    requests.post(f"{where}&sid={sid}", data="40", timeout=40)
    answer = requests.post(f"{where}&sid={sid}", data=packet, timeout=40)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert requests.get(f"{where}&sid={sid}", timeout=40).json() == {"code": 1, "message": "Session ID unknown"}


@pytest.mark.parametrize("packet", HOSTILE, ids=lambda packet: packet[:20])
def test_a_websocket_client_that_sends_such_a_packet_is_disconnected(stack: Stack, packet: str) -> None:
    with connect(f"ws://127.0.0.1:{stack.port}/socket.io/?EIO=4&transport=websocket", open_timeout=60) as client:
        client.recv(timeout=40)
        client.send("40")
        assert str(client.recv(timeout=40)).startswith("40{")
        client.send(packet)
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=40)


def test_a_token_that_is_nested_without_end_is_none(stack: Stack) -> None:
    with connect(f"ws://127.0.0.1:{stack.port}/socket.io/?EIO=4&transport=websocket", open_timeout=60) as client:
        client.recv(timeout=40)
        client.send(f'40{{"token":"{DEEPLY_HEADED}"}}')
        answer: dict[str, Any] = json.loads(str(client.recv(timeout=40))[2:])
        assert answer["data"] == {"code": "UNAUTHENTICATED", "status": 401}


@pytest.mark.parametrize("frame", [DEEP, f'{{"type":{DEEP}}}', f'{{"action":{DEEP}}}', r'{"type":"\ud800"}'])
def test_a_watcher_s_frame_of_such_text_is_no_frame(stack: Stack, number: str, frame: str) -> None:
    assert stack.post("/api/sessions", {"phone": number}).ok
    with stack.watch(number) as watcher:
        assert json.loads(watcher.recv(timeout=40))["type"] == "status"
        watcher.send(frame)
        assert json.loads(watcher.recv(timeout=40))["code"] == "INVALID_FRAME"
