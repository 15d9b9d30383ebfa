"""A user who may only read, beside one who may link, while a real worker shows codes."""

import copy
import json

import pytest
from websockets.sync.client import ClientConnection, connect

from infra.local.client import Stack, next_frame

PASSWORD = "a long password"


@pytest.fixture(scope="module")
def reader(stack: Stack) -> str:
    """The token of a read-only user."""
    made = stack.post("/api/auth/register", {"username": "rita", "password": PASSWORD, "role": "read_only"})
    assert made.status_code == 201, made.text
    answer = stack.post("/api/auth/login", {"username": "rita", "password": PASSWORD})
    return str(answer.json()["data"]["token"])


def join(socket: ClientConnection, token: str, session: str) -> list[str]:
    """Join a session's room over Socket.IO; return the frames up to the acknowledgement, and those that come at once."""
    socket.send(f'40{{"token":"{token}"}}')
    while not str(socket.recv(timeout=20)).startswith("40"):
        pass
    socket.send(f'421["join-session","{session}"]')
    heard: list[str] = []
    while True:
        try:
            text = str(socket.recv(timeout=3))
        except TimeoutError:
            return heard
        heard.append(text)
        if text == "2":
            socket.send("3")


def test_a_reader_sees_that_a_session_waits_for_a_scan_and_never_its_code(
    stack: Stack, number: str, reader: str
) -> None:
    stack.begin(number)
    code, rita = stack.code(number), copy.copy(stack)
    rita.token = reader
    with stack.watch(number, reader) as watching, stack.watch(number) as linking:
        told = next_frame(watching, "status")
        assert (told["status"], told["snapshot"]) == ("SCAN_QR", True)
        assert next_frame(linking, "qr")["qr"].startswith("data:image/png")
        asked = {
            path: rita.get(path)
            for path in (
                f"/api/sessions/{number}",
                f"/api/sessions/{number}/qr",
                f"/sessions/{number}/qr?format=raw",
                f"/whatsapp/companies/default/qrcode?session={number}",
                f"/whatsapp/companies/default/session-status?session={number}",
                f"/api/sessions/{number}/groups",
            )
        }
        assert [answer.status_code for answer in asked.values()] == [200, 403, 403, 403, 200, 409]
        assert not any(code in answer.text or "image/png" in answer.text for answer in asked.values())
        stack.scan(stack.code(number), number)
        heard = [json.loads(watching.recv(timeout=60))]
        while heard[-1]["type"] != "connected":
            heard.append(json.loads(watching.recv(timeout=60)))
        assert "qr" not in {frame["type"] for frame in heard}
        assert code not in str(heard)
        assert "image/png" not in str(heard)


def test_in_a_room_a_reader_hears_the_status_and_never_the_code(stack: Stack, number: str, reader: str) -> None:
    stack.begin(number)
    code = stack.code(number)
    where = f"ws://127.0.0.1:{stack.port}/socket.io/?EIO=4&transport=websocket"
    with connect(where, open_timeout=60) as reading, connect(where, open_timeout=60) as linking:
        heard, shown = join(reading, reader, number), join(linking, stack.token, number)
    assert any('"notLogged"' in text for text in heard)
    assert not any("qr-code" in text or code in text for text in heard)
    assert any("qr-code" in text for text in shown)
