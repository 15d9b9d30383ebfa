"""Messages both ways over the deaths of workers: each is accounted for."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra.local.client import Phone, Stack, eventually, messages, send

EACH_WAY = 100
KILLS = 5
FAST = {"SEND_BURST": "1000", "SEND_PER_MINUTE": "10000"}
LOST_AT_MOST = 5
"""The client acknowledges what comes in before the worker has written it: a kill between the two loses it."""
WENT_OUT = {"sent", "delivered", "read"}
ANA, BO = "628111000001", "628777000001"


def linked(stack: Stack) -> Phone:
    """Start the stack with Ana's session, and return Bo's phone."""
    stack.start()
    stack.link(ANA)
    return Phone(stack, BO).switch_on()


def outbound(stack: Stack) -> list[dict[str, Any]]:
    return [message for message in messages(stack, ANA) if message["direction"] == "outbound"]


def all_settled(stack: Stack) -> list[dict[str, Any]]:
    """Wait until nothing is owed any more; return what was sent."""

    def look() -> list[dict[str, Any]] | None:
        sent = outbound(stack)
        return None if {message["status"] for message in sent} & {"queued", "sending"} else sent

    return eventually(look, within=120, every=0.5)


def accept(stack: Stack, text: str) -> None:
    """Have Ana send a text; ask again while her session isn't connected, as a caller would."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        answer = send(stack, ANA, BO, text)
        if answer.status_code != 409:
            assert answer.status_code in {200, 202, 502}, answer.text
            return
        time.sleep(0.2)
    raise AssertionError(f"{text} was never accepted")


def kill_now_and_then(stack: Stack, times: int, chance: random.Random) -> None:
    for _ in range(times):
        stack.until(ANA, "CONNECTED")
        time.sleep(chance.uniform(0.1, 3))
        kill_the_worker(stack)


def kill_the_worker(stack: Stack, then: Callable[[], object] = lambda: None) -> None:
    """Kill it, and wait until another one has its place."""
    killed = eventually(stack.serving)
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    then()
    eventually(lambda: set(stack.serving()) - set(killed))


def talk(stack: Stack, bo: Phone) -> tuple[list[str], list[str]]:
    """Let both write at the same time."""
    out, back = [f"out {count}" for count in range(EACH_WAY)], [f"back {count}" for count in range(EACH_WAY)]

    def ana() -> None:
        for text in out:
            accept(stack, text)

    def bo_says() -> None:
        for text in back:
            bo.say(ANA, text)
            time.sleep(0.25)

    with ThreadPoolExecutor(2) as pool:
        for both in [pool.submit(ana), pool.submit(bo_says)]:
            both.result()
    return out, back


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_each_of_two_hundred_messages_is_accounted_for_over_killed_workers(own_stack, capsys):
    stack = own_stack(**FAST)
    bo = linked(stack)
    seed = int(os.environ.get("SURVIVING_SEED") or random.randrange(2**32))
    with capsys.disabled():
        print(f"\nSURVIVING_SEED={seed} makes the same pauses before the kills")
    with ThreadPoolExecutor(1) as killer:
        killing = killer.submit(kill_now_and_then, stack, KILLS, random.Random(seed))
        out, back = talk(stack, bo)
        killing.result()
    stack.until(ANA, "CONNECTED")
    sent = all_settled(stack)
    eventually(lambda: not stack.network("mail").json()["waiting"])

    heard = Counter(bo.heard())
    assert [text for text, count in heard.items() if count > 1] == [], "nothing went out twice"
    assert sorted(message["message"] for message in sent) == sorted(out), "each is on record"
    for message in sent:
        went_out = heard[message["message"]] == 1
        assert went_out if message["status"] in WENT_OUT else message["status"] in {"unknown", "failed"}
        assert not (went_out and message["status"] == "failed")

    received = Counter(m["message"] for m in messages(stack, ANA) if m["direction"] == "inbound")
    assert [text for text, count in received.items() if count > 1] == [], "nothing came in twice"
    lost = [text for text in back if received[text] == 0]
    statuses = Counter(message["status"] for message in sent)
    with capsys.disabled():
        print(f"\n{KILLS} kills, out: {dict(statuses)}, back: {len(back) - len(lost)} and {len(lost)} lost")
    assert len(lost) <= LOST_AT_MOST


STUCK_KILLS = 3
OPEN = ("queued", "sending")
NEVER = 10 * 60_000
"""Milliseconds that acknowledgements are withheld for: longer than the test takes."""


@pytest.mark.timeout(400)
def test_no_message_goes_out_twice_and_each_is_settled_or_named_though_no_acknowledgement_came(own_stack, capsys):
    """Kill the worker in the middle of sends whose acknowledgements never come: receipts are all there is to go by."""
    stack = own_stack(**FAST)
    bo = linked(stack)
    texts = [f"out {count}" for count in range(EACH_WAY)]
    chance = random.Random(int(os.environ.get("SURVIVING_SEED") or 0))
    with ThreadPoolExecutor(EACH_WAY) as pool:
        # Each send waits ten seconds for its acknowledgement: they are all accepted side by side.
        accepted = [pool.submit(accept, stack, text) for text in texts]
        eventually(lambda: len(bo.heard()) >= chance.randrange(20, 60))
        for _ in range(STUCK_KILLS):
            stack.network("faults/hold-acks", {"ms": NEVER})
            stuck(stack, bo)
            # The next worker's are acknowledged: else each of its sends would take the client's 75 seconds.
            kill_the_worker(stack, then=lambda: stack.network("faults/hold-acks", {"ms": 0}))
            stack.until(ANA, "CONNECTED")
        for one in accepted:
            one.result()
    sent = all_settled(stack)
    heard_by_bo = Counter(bo.heard())
    assert [text for text, count in heard_by_bo.items() if count > 1] == [], "nothing went out twice"
    assert sorted(message["message"] for message in sent) == sorted(texts), "each is on record"
    eventually(lambda: not any(one["status"] == "unknown" for one in outbound(stack)))
    sent = outbound(stack)
    with capsys.disabled():
        statuses = Counter(message["status"] for message in sent)
        print(f"\n{STUCK_KILLS} kills without acknowledgements, out: {dict(statuses)}")
    for message in sent:
        if heard_by_bo[message["message"]]:
            assert message["status"] in WENT_OUT
        else:
            # The kills took longer than it may wait.
            assert (message["status"], message["error"]["code"]) == ("failed", "expired")


def stuck(stack: Stack, bo: Phone) -> None:
    """Wait until a message has arrived that isn't acknowledged, or until all are through."""

    def found() -> bool:
        by = {status: [one["message"] for one in outbound(stack) if one["status"] == status] for status in OPEN}
        return set(by["sending"]) <= set(bo.heard()) if by["sending"] else not by["queued"]

    eventually(found)
