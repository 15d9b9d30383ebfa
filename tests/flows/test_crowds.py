"""Clients in numbers, over real sockets: strangers that poll, users that are disabled, watchers beyond the bound."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from infra.local.client import Stack, eventually
from infra.local.stack import PERMISSIONS_FILE
from tests.flows.test_socketio import FOLLOW, Run, run

__all__ = ["run"]

POLLERS = 150
ROOM = 100
"""Polls that the polls' own function holds at a time: its reserved concurrency."""
CHANNELS = 45


def polling(stack: Stack) -> str:
    return f"{stack.url}/socket.io/?EIO=4&transport=polling"


def opened(stack: Stack) -> str:
    """The address at which a new polling client polls."""
    answer = requests.get(polling(stack), timeout=40)
    return f"{polling(stack)}&sid={json.loads(answer.text[1:])['sid']}"


def took(ask: Callable[[], requests.Response]) -> tuple[float, requests.Response]:
    began = time.monotonic()
    answer = ask()
    return time.monotonic() - began, answer


def test_polls_of_strangers_hold_nobody_up(stack: Stack) -> None:
    """One sid and many of them: no poll of theirs waits, and a call beside them is answered."""
    mine = [opened(stack) for _ in range(4)]
    with ThreadPoolExecutor(POLLERS) as pool:
        polls = [pool.submit(took, lambda n=n: requests.get(mine[n % 4], timeout=40)) for n in range(POLLERS)]  # type: ignore[misc]
        waited, answer = took(lambda: stack.get("/api/sessions"))
        held = [poll.result()[0] for poll in polls]
    assert answer.ok
    assert waited < 10, "the call stood behind the polls"
    assert max(held) < 15, "a poll was held, or stood behind one that was"


def test_clients_on_polls_take_nothing_of_what_others_need(stack: Stack) -> None:
    """More than have room in the polls' own function, each known, each with a poll of its own that waits."""

    def come(_: int) -> str:
        mine = opened(stack)
        assert requests.post(mine, data="40", timeout=40).text == "ok"
        assert requests.get(mine, timeout=40).text.startswith("40{")
        return mine

    with ThreadPoolExecutor(8) as pool:
        known = list(pool.map(come, range(POLLERS)))
    with ThreadPoolExecutor(POLLERS) as pool:
        polls = [pool.submit(requests.get, mine, timeout=40) for mine in known]
        eventually(lambda: sum(poll.done() for poll in polls) >= POLLERS - ROOM)
        waited, answer = took(lambda: stack.get("/api/sessions"))
        statuses = Counter(poll.result().status_code for poll in polls)
    assert answer.ok
    assert waited < 10, "the call stood behind the polls"
    # Where sending them all takes longer than a poll waits, the first ones have made room for the last ones.
    assert set(statuses) == {200, 500}
    assert 0 < statuses[500] <= POLLERS - ROOM


def test_a_second_poll_beside_one_that_is_held_ends_the_client(stack: Stack) -> None:
    mine = opened(stack)
    assert requests.post(mine, data="40", timeout=40).text == "ok"
    assert requests.get(mine, timeout=40).text.startswith("40{")
    with ThreadPoolExecutor(2) as pool:
        # Whichever comes first is held until the other one comes.
        polls = [pool.submit(took, lambda: requests.get(mine, timeout=40)) for _ in range(2)]
        (waited, held), (_, second) = sorted((poll.result() for poll in polls), key=lambda one: one[1].status_code)
    assert (second.status_code, second.json()) == (400, {"code": 3, "message": "overlap from client"})
    assert (held.status_code, held.text, waited < 10) == (200, "1", True)


def test_a_client_that_takes_time_to_show_its_token_does_not_spin(stack: Stack, number: str, run: Run) -> None:
    """The client library polls again as soon as it is answered."""
    slow = """
    const auth = (tell) => setTimeout(() => tell({ token }), 3000);
    const socket = io(url, { auth, transports: ['polling'] });
    let polls = 0;
    socket.io.on('open', () => socket.io.engine.transport.on('poll', () => { polls += 1; }));
    socket.on('connect', () => say('polled', polls));
    """
    script = run(slow, FOLLOW, "socket.emit('join-session', name, (answer) => say('joined', answer));")
    (polls,) = script.next("polled")
    assert polls <= 32, "more than ten a second"
    assert script.next("joined") == [{"success": True, "sessionName": number}]


def test_no_channel_of_a_user_outlives_its_being_disabled_whatever_the_moment(stack: Stack, number: str) -> None:
    name, password = f"user{number}", "a long password"
    made = stack.post("/api/auth/register", {"username": name, "password": password, "role": "member"})
    assert made.ok, made.text
    login = requests.post(f"{stack.url}/api/auth/login", json={"username": name, "password": password}, timeout=40)
    token = login.json()["data"]["token"]
    where = f"ws://127.0.0.1:{stack.port}/socket.io/?EIO=4&transport=websocket"
    some_are_in = threading.Event()

    def come(ending: ExitStack) -> ClientConnection | None:
        with suppress(ConnectionClosed, InvalidStatus, TimeoutError):
            client = ending.enter_context(connect(where, open_timeout=60))
            client.recv(timeout=40)
            client.send("40" + json.dumps({"token": token}))
            if str(client.recv(timeout=40)).startswith("40"):
                some_are_in.set()
            return client
        return None

    with ExitStack() as all_of_them, ThreadPoolExecutor(CHANNELS) as pool:
        came = [pool.submit(come, all_of_them.enter_context(ExitStack())) for _ in range(CHANNELS)]
        some_are_in.wait(40)
        disabled = requests.patch(
            f"{stack.url}/api/admin/users/{name}", json={"disabled": True}, headers=stack.headers, timeout=40
        )
        assert disabled.ok, disabled.text
        clients = [client for one in came if (client := one.result())]
        assert list(pool.map(lambda client: joins(client, number), clients)) == [False] * len(clients)


def joins(client: ClientConnection, session: str) -> bool:
    """Whether the client gets into a session's room."""
    with suppress(ConnectionClosed, TimeoutError):
        client.send(f'421["join-session","{session}"]')
        while True:
            if str(client.recv(timeout=3)).startswith("431"):
                return True
    return False


def test_watchers_beyond_the_bound_are_refused_by_name(own_stack: Callable[..., Stack]) -> None:
    stack = own_stack(WATCHERS_PER_SESSION="3", WATCHERS_PER_TENANT="5")
    stack.start()
    for name in ("one", "two", "three"):
        assert stack.post("/sessions", {"sessionId": name}).ok
    where = f"ws://127.0.0.1:{stack.port}/socket.io/?EIO=4&transport=websocket"
    with ExitStack() as open_ones:
        watchers = [open_ones.enter_context(stack.watch("one")) for _ in range(3)]
        with pytest.raises(InvalidStatus) as refused, stack.watch("one"):
            pass
        assert refused.value.response.status_code == 429
        client = open_ones.enter_context(connect(where, open_timeout=60))
        client.recv(timeout=40)
        client.send("40")
        client.recv(timeout=40)
        client.send('421["join-session","one"]')
        answer = json.loads(str(client.recv(timeout=40))[3:])[0]
        assert (answer["success"], answer["code"]) == (False, "TOO_MANY_WATCHERS")
        assert joins(client, "two")
        open_ones.enter_context(stack.watch("three"))
        with pytest.raises(InvalidStatus) as refused, stack.watch("three"):
            pass
        assert refused.value.response.status_code == 429
        watchers[0].close()
        with stack.watch("one") as again:
            assert json.loads(again.recv(timeout=40))["session_id"] == "one"


def test_a_session_that_many_watch_is_told_apart_in_order_to_its_end(
    own_stack: Callable[..., Stack], number: str
) -> None:
    stack = own_stack(TOLD_AT_ONCE="1")
    stack.start()
    assert stack.post("/api/sessions", {"phone": number}).ok
    heard: list[list[str]] = [[], [], []]

    def listen(place: int, watcher: ClientConnection) -> None:
        with suppress(ConnectionClosed, TimeoutError):
            while not heard[place] or heard[place][-1] != "deleted":
                heard[place].append(json.loads(watcher.recv(timeout=60))["type"])

    with ExitStack() as open_ones, ThreadPoolExecutor(3) as pool:
        watchers = [open_ones.enter_context(stack.watch(number)) for _ in heard]
        for watcher in watchers:
            assert json.loads(watcher.recv(timeout=40))["snapshot"] is True
        listening = [pool.submit(listen, place, watcher) for place, watcher in enumerate(watchers)]
        assert stack.post(f"/api/sessions/{number}/connect").ok
        assert stack.scan(stack.code(number), number).ok
        stack.until(number, "CONNECTED")
        assert stack.delete(f"/api/sessions/{number}").ok
        for one in listening:
            one.result(90)
    assert heard[0] == heard[1] == heard[2]
    assert [word for word in heard[0] if word in {"qr", "pairing", "connected", "deleted"}] == [
        "qr",
        "pairing",
        "connected",
        "deleted",
    ]
    stack.stop()
    noted = json.loads((stack.state / PERMISSIONS_FILE).read_text())
    assert noted["refused"] == []
    assert "execute-api:ManageConnections" in {action for action, _ in noted["used"]["Push"]}
