"""A gateway in a new account of AWS's, whose functions run ten at a time: callers who wait starve nobody."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
import requests
from websockets.sync.client import connect

from infra.concurrency import affordable
from infra.local.client import Phone, Stack, eventually, next_frame
from tests.receivers import Receiver, listening
from tests.sharing import GENEROUS

CALLERS = 12
"""More than the account runs functions."""
BOUND_S = 6.0
"""What anything else may take meanwhile; on a machine of its own it is a tenth of that."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """What ``make run LAMBDA_CONCURRENCY=10`` starts."""
    stack = Stack(tmp_path_factory.mktemp("small"), {**GENEROUS, "LAMBDA_CONCURRENCY": "10"})
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture
def frozen(small: Stack) -> Iterator[Callable[[], int]]:
    """Freezes the standby: who is given to it waits for its code until another worker comes, some seconds later."""
    stopped: list[int] = []

    def freeze() -> int:
        (standby,) = eventually(lambda: set(small.workers()) - set(small.serving()))
        os.kill(standby, signal.SIGSTOP)
        stopped.append(standby)
        return standby

    yield freeze
    for one in stopped:
        os.kill(one, signal.SIGKILL)


def waits_for_a_code(stack: Stack, name: str, over: Event, statuses: list[int]) -> None:
    """Ask for the code again and again, as a client does that is told to; add the answers' ``statuses``."""
    while not over.is_set():
        answer = stack.get(f"/v1/sessions/{name}/qr?wait=20")
        statuses.append(answer.status_code)
        if answer.ok:
            break
        over.wait(float(answer.headers.get("Retry-After", "0.5")))


def test_there_is_nothing_reserved_and_a_third_to_wait_in() -> None:
    assert affordable(10) | {"PollConcurrency": ""} == {
        "ReservedConcurrency": "0",
        "WaitingShare": "3",
        "PollConcurrency": "",
    }


def test_sends_webhooks_and_the_stream_go_on_while_more_callers_wait_than_there_is_room_for(
    small: Stack, number: str, frozen: Callable[[], int]
) -> None:
    friend, over = Phone(small, f"628777{number[-6:]}").switch_on("Bo"), Event()
    with listening() as receiver, ThreadPoolExecutor(CALLERS) as callers:
        created = small.post("/v1/sessions", {"id": number, "webhook": {"url": receiver.url}})
        assert created.status_code == 201, created.text
        small.scan(small.code(number), number)
        small.until(number, "CONNECTED")
        frozen()
        assert small.post("/v1/sessions", {"id": f"w{number}"}).status_code == 201
        statuses: list[list[int]] = [[] for _ in range(CALLERS)]
        waiting = [callers.submit(waits_for_a_code, small, f"w{number}", over, one) for one in statuses]
        # Whoever is refused has found all places taken.
        eventually(lambda: any(503 in one for one in statuses))
        assert not any(one.done() for one in waiting), "the frozen worker shows no code"
        with connect(small.websocket("/v1/ws", token=small.token), open_timeout=60) as socket:
            socket.send(json.dumps({"subscribe": {number: None}}))
            next_frame(socket, "subscribed", within=BOUND_S)
            taken = [_sent(small, number, friend, receiver, f"kopi-{turn}") for turn in range(3)]
            friend.say(number, "Boleh")
            began = time.monotonic()
            assert next_frame(socket, "message.received", within=BOUND_S)["data"]["text"]["body"] == "Boleh"
            taken.append(time.monotonic() - began)
        still = sum(not one.done() for one in waiting)
        for one in waiting:
            one.result(60)
        over.set()
    print(f"taken {[round(one, 2) for one in taken]} s, {still} still waiting then, {statuses}")
    assert still == CALLERS, "all of it happened while they waited"
    assert max(taken) < BOUND_S
    assert all(one[-1] == 200 for one in statuses), "each has the code in the end"
    assert 503 in [status for one in statuses for status in one], "there was no place for all of them"


def _sent(stack: Stack, session: str, friend: Phone, receiver: Receiver, text: str) -> float:
    """Send a text; return the seconds until it was acknowledged, was on the phone, and the webhook was told."""
    began = time.monotonic()
    body: Any = {"to": {"phone": f"+{friend.number}"}, "type": "text", "text": {"body": text}}
    headers = {**stack.headers, "Idempotency-Key": f"key-{text}"}

    def accepted() -> requests.Response | None:
        where = f"{stack.gateway}/v1/sessions/{session}/messages?wait=5"
        answer = requests.post(where, json=body, headers=headers, timeout=40)
        # Where all ten run at this moment API Gateway answers for the function, and a client tries again.
        assert answer.ok or answer.status_code >= 500, answer.text
        return answer if answer.ok else None

    message = eventually(accepted, within=BOUND_S).json()
    eventually(lambda: text in friend.heard(), within=BOUND_S)

    def told() -> bool:
        return any(one.json["data"]["id"] == message["id"] for one in receiver.of("message.sent"))

    eventually(told, within=BOUND_S)
    return time.monotonic() - began
