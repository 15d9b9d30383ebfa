"""The Socket.IO API's clients: the unmodified socket.io-client over both transports."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from infra.local.client import Stack
from tests.flows.javascript import Script
from tests.flows.printed import printed

PRELUDE = """
const { io } = require('socket.io-client');
const say = (...line) => process.stdout.write(JSON.stringify(line) + '\\n');
const url = process.env.URL, name = process.env.NAME, token = process.env.TOKEN;
"""

PAGE = """
console.log = (...line) => say('log', ...line);
const document = { getElementById: (id) => ({ set textContent(text) { say('shown', id, text); } }) };
const hideQRCode = () => say('hidden'), showSuccessMessage = () => say('succeeded');
const fetchFrom = globalThis.fetch;
fetch = (path, options) => fetchFrom(url + path, options).then(async (answer) => say('answer', await answer.json()));
"""

FOLLOW = """
for (const event of ['qr-code', 'status-update', 'session-complete'])
  socket.on(event, (data) => say(event, data, socket.io.engine.transport.name));
socket.on('connect', () => say('connect'));
socket.on('connect_error', (error) => say('connect_error', error.message, error.data ?? null));
socket.on('disconnect', (reason) => say('disconnect', reason));
"""

JOIN_AND_SETTLE = """
const joined = (answer) => socket.io.engine.transport.name === process.env.OVER
  ? say('joined', answer) : setTimeout(joined, 20, answer);
socket.emit('join-session', name, joined);
"""
"""Says that it has joined once it is on the transport that it ends on: an upgrade takes a moment."""

CLIENTS = {
    "default": "const socket = io(url, { auth: { token } });",
    "websocket": "const socket = io(url, { auth: { token }, transports: ['websocket'] });",
    "polling": "const socket = io(url, { auth: { token }, transports: ['polling'] });",
}

Run = Callable[..., Script]


@pytest.fixture
def run(stack: Stack, number: str) -> Iterator[Run]:
    """Runs scripts against the stack, on a session of the test's own."""
    running: list[Script] = []

    def start(*parts: str, **environment: str) -> Script:
        here = {"URL": stack.url, "NAME": number, "TOKEN": stack.token}
        running.append(Script(PRELUDE + "\n".join(parts), **(here | environment)))
        return running[-1]

    yield start
    for one in running:
        one.end()


def initialize(stack: Stack, name: str) -> dict[str, Any]:
    answer = stack.post(f"/api/sessions/{name}/initialize-with-qr")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_clients_on_every_transport_are_told_everything_in_the_documented_order(
    stack: Stack, number: str, run: Run
) -> None:
    ends_on = {transport: "polling" if transport == "polling" else "websocket" for transport in CLIENTS}
    room = {each: run(CLIENTS[each], FOLLOW, JOIN_AND_SETTLE, OVER=over) for each, over in ends_on.items()}
    for script in room.values():
        assert script.next("joined") == [{"success": True, "sessionName": number}]
    answer = initialize(stack, number)
    assert answer["data"]["websocketRoom"] == f"session-{number}"
    told = {each: script.next("qr-code") for each, script in room.items()}
    code = told["default"][0]
    assert set(code) == {"base64", "ascii", "attempts", "urlCode", "sessionName"}
    assert code["base64"].startswith("data:image/png;base64,")
    assert (code["attempts"], code["sessionName"]) == (1, number)
    assert told == {each: [code, over] for each, over in ends_on.items()}, "all in the room are told the same"
    assert stack.scan(code["urlCode"], number).ok
    for script in room.values():
        done, _ = script.next("session-complete")
        assert (done["sessionName"], done["status"]) == (number, "inChat")
        assert script.next("disconnect") == ["io server disconnect"]
        said = [line[1]["status"] for line in script.heard if line[0] == "status-update"]
        assert said == ["notLogged", "qrReadSuccess", "authenticated", "ready"]
        assert len([line for line in script.heard if line[0] == "session-complete"]) == 1


def test_the_documents_own_page_does_what_it_says(stack: Stack, number: str, run: Run) -> None:
    text = printed("socketio.js", {"http://localhost:3000": stack.url, "my-session": number})
    text += printed("socketio_complete.js", {})
    ours = "socket.on('qr-code', (code) => say('code', code.urlCode));"
    script = run("{", PAGE, text, ours, "}", TOKEN="")
    assert script.next("answer")[0]["success"] is True
    (code,) = script.next("code")
    assert [line[1] for line in script.heard if line[0] == "shown"] == ["qr-code"]
    assert stack.scan(code, number).ok
    script.next("succeeded")
    assert script.next("log") == ["Disconnected by server - session complete"]


def test_a_client_that_comes_late_is_told_what_stands(stack: Stack, number: str, run: Run) -> None:
    initialize(stack, number)
    code = stack.code(number)
    late = run(CLIENTS["default"], FOLLOW, "socket.emit('join-session', name);")
    assert late.next("qr-code")[0]["urlCode"] == code
    assert stack.scan(code, number).ok
    late.next("session-complete")
    later = run(CLIENTS["websocket"], FOLLOW, "socket.emit('join-session', name);")
    assert later.next("status-update")[0]["status"] == "ready"
    assert later.next("disconnect") == ["io server disconnect"]


def test_one_who_left_is_told_nothing_more(stack: Stack, number: str, run: Run) -> None:
    leave = "socket.emit('leave-session', name, (answer) => say('left', answer))"
    script = run(CLIENTS["websocket"], FOLLOW, f"socket.emit('join-session', name, () => {leave});")
    assert script.next("left") == [{"success": True, "sessionName": number}]
    initialize(stack, number)
    other = run(CLIENTS["websocket"], FOLLOW, "socket.emit('join-session', name);")
    other.next("qr-code")
    assert not [line for line in script.heard if line[0] in {"qr-code", "status-update"}]


def test_a_client_reconnects_and_goes_on(stack: Stack, number: str, run: Run) -> None:
    steps = """
    socket.on('connect', () => socket.emit('join-session', name));
    socket.once('qr-code', () => socket.io.engine.close());
    """
    script = run(CLIENTS["default"], FOLLOW, steps)
    script.next("connect")
    initialize(stack, number)
    script.next("qr-code")
    script.next("disconnect")
    script.next("connect")
    code, _ = script.next("qr-code")
    assert code["urlCode"] == stack.code(number)


@pytest.mark.parametrize("transport", CLIENTS)
def test_a_bad_token_is_refused(run: Run, transport: str) -> None:
    script = run(CLIENTS[transport], FOLLOW, TOKEN="not.a.token")
    message, data = script.next("connect_error")
    assert message
    assert data == {"code": "UNAUTHENTICATED", "status": 401}


def test_a_name_that_no_session_can_have_is_refused(run: Run) -> None:
    steps = """
    socket.emit('join-session', '../etc', (answer) => { say('joined', answer); socket.emit('join-session', 7); });
    """
    script = run(CLIENTS["websocket"], FOLLOW, steps)
    answer = script.next("joined")[0]
    assert (answer["success"], answer["code"]) == (False, "INVALID_FIELD")
    assert script.next("status-update")[0]["status"] == "error"


def test_a_channel_that_is_not_there_is_unknown(stack: Stack) -> None:
    where = f"{stack.url}/socket.io/?EIO=4&transport=polling&sid=none"
    answer = requests.get(where, timeout=40)
    assert (answer.status_code, answer.json()) == (400, {"code": 1, "message": "Session ID unknown"})
    assert requests.post(where, data="40", timeout=40).status_code == 400


def test_a_changed_password_ends_its_clients(stack: Stack, number: str, run: Run) -> None:
    name, password = f"user{number}", "a long password"
    made = stack.post("/api/auth/register", {"username": name, "password": password, "role": "member"})
    assert made.ok, made.text
    login = requests.post(f"{stack.url}/api/auth/login", json={"username": name, "password": password}, timeout=40)
    token = login.json()["data"]["token"]
    script = run(CLIENTS["default"], FOLLOW, "socket.emit('join-session', name, () => say('joined'));", TOKEN=token)
    script.next("joined")
    changed = requests.post(
        f"{stack.url}/api/auth/change-password",
        json={"old_password": password, "new_password": "another long password"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=40,
    )
    assert changed.ok, changed.text
    script.next("disconnect")
    message, data = script.next("connect_error")
    assert message
    assert data["code"] == "UNAUTHENTICATED"
