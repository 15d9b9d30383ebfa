"""Events over one WebSocket and in pages, as the stack tells them over real sockets."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from infra.local.client import Phone, Stack, eventually

TOLD = 60
"""Messages that come in while the connection is dropped again and again."""


@contextmanager
def events(stack: Stack, query: str | None = None, **headers: str) -> Iterator[ClientConnection]:
    """A connection to the native WebSocket."""
    token = stack.headers["Authorization"].removeprefix("Bearer ")
    address = f"ws://127.0.0.1:{stack.port}/v1/ws?{query if query is not None else f'token={token}'}"
    with connect(address, additional_headers=headers or None, open_timeout=60) as socket:
        yield socket


def say(socket: ClientConnection, **frame: Any) -> None:
    socket.send(json.dumps(frame))


def hear(socket: ClientConnection, *, within: float = 30.0) -> Any:
    return json.loads(socket.recv(within))


def test_a_session_is_made_linked_and_spoken_to_by_its_events_alone(stack: Stack, number: str, friend: Phone) -> None:
    made = stack.post("/v1/sessions", {"id": f"shop-{number}", "start": False}).json()
    with events(stack) as socket:
        say(socket, subscribe={made["id"]: None})
        begun = hear(socket)
        assert (begun["type"], begun["data"]["status"]) == ("subscribed", "CREATED")
        stack.post(f"/v1/sessions/{made['id']}/start")
        told = {}
        while "session.qr" not in told:
            said = hear(socket)
            told[said["type"]] = said
        stack.scan(told["session.qr"]["data"]["code"], number)
        while "session.connected" not in told:
            said = hear(socket)
            told[said["type"]] = said
        assert told["session.connected"]["data"]["phone"] == number
        friend.say(number, "Kopi?")
        while "message.received" not in told:
            said = hear(socket)
            told[said["type"]] = said
        assert "Kopi?" in json.dumps(told["message.received"]["data"])
        say(socket, ping=1)
        assert hear(socket) == {"type": "pong"}
    listed = stack.get(f"/v1/sessions/{made['id']}/events").json()["data"]
    assert {"session.qr", "session.connected", "message.received"} <= {one["type"] for one in listed}
    assert told["message.received"] in listed
    assert stack.delete(f"/v1/sessions/{made['id']}").ok


def test_a_client_that_is_cut_off_at_random_has_each_event_once_and_in_order(
    stack: Stack, account: str, friend: Phone
) -> None:
    chance, words = random.Random(11), [f"{number:03}" for number in range(TOLD)]
    had: list[str] = []
    cursors: list[str] = []
    cursor: str | None = None

    def write() -> None:
        for word in words:
            friend.say(account, word)

    with events(stack) as socket:
        say(socket, subscribe={account: None}, types=["message.received"])
        cursor = hear(socket)["cursor"]
    writer = Thread(target=write)
    writer.start()
    drops = 0
    while len(had) < TOLD:
        # As networks do: without a word, at whatever moment.
        left = chance.randint(0, 6)
        with events(stack) as socket, suppress(ConnectionClosed, TimeoutError):
            say(socket, subscribe={account: cursor}, types=["message.received"])
            while left and len(had) < TOLD:
                said = hear(socket, within=10)
                if said["type"] == "message.received":
                    cursor = said["cursor"]
                    cursors.append(said["cursor"])
                    had.append(next(word for word in words if f'"{word}"' in json.dumps(said["data"])))
                    left -= 1
            socket.socket.close()
        drops += 1
        assert drops < 200
    writer.join()
    assert had == words
    assert cursors == sorted(set(cursors))
    assert drops > 5


def test_one_connection_follows_several_sessions_and_a_ticket_or_a_key_opens_it(stack: Stack, number: str) -> None:
    names = [f"{word}-{number}" for word in ("a", "b", "c")]
    for name in names:
        assert stack.post("/v1/sessions", {"id": name, "start": False}).status_code == 201
    ticket = stack.post("/v1/ws-ticket", {}).json()["ticket"]
    with events(stack, f"token={ticket}") as socket:
        say(socket, subscribe={**dict.fromkeys(names), "nobody": None})
        said = [hear(socket) for _ in range(4)]
        assert sorted(one["session"] for one in said if one["type"] == "subscribed") == names
        assert [one["error"]["code"] for one in said if one["type"] == "error"] == ["SESSION_NOT_FOUND"]
        for name in names:
            stack.delete(f"/v1/sessions/{name}")
        ended = set[str]()
        while len(ended) < len(names):
            said_now = hear(socket)
            if said_now["type"] == "session.deleted":
                ended.add(said_now["session"])


def test_one_subscription_tells_of_all_sessions_whatever_becomes_of_them(stack: Stack, number: str) -> None:
    name = f"all-{number}"
    with events(stack) as socket, events(stack) as stranger:
        for one in (socket, stranger):
            say(one, subscribe={"*": None})
            assert hear(one) == {"type": "subscribed", "session": "*", "cursor": None, "data": None}
        say(stranger, unsubscribe=["*"])
        assert hear(stranger) == {"type": "unsubscribed", "session": "*"}
        assert stack.post("/v1/sessions", {"id": name, "start": True}).status_code == 201
        told = []
        while "session.qr" not in told:
            said = hear(socket)
            if said["session"] == name:
                told.append(said["type"])
                assert not {"code", "image"} & set(said["data"])
        assert told[0] == "session.starting"
        assert stack.delete(f"/v1/sessions/{name}").ok
        while "session.deleted" not in told:
            said = hear(socket)
            if said["session"] == name:
                told.append(said["type"])
        say(stranger, ping=1)
        assert hear(stranger) == {"type": "pong"}


def test_what_is_not_taken_in_is_refused_in_its_words(stack: Stack) -> None:
    answer = stack.get("/v1/ws")
    assert (answer.status_code, answer.json()["error"]["code"]) == (426, "UPGRADE_REQUIRED")
    refused = stack.get("/v1/nowhere")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert eventually(lambda: refused.json()["request_id"])
