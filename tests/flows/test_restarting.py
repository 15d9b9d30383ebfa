"""The whole stack ends or is killed, and starts again: sessions connect without a scan, and each message is accounted for."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import requests

from infra.local.client import Phone, Stack, eventually, messages, send
from tests.local.running import alive

ANA = "628111000001"
WENT_OUT = {"sent", "delivered", "read"}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that these tests end as they like, with a session of Ana's."""
    running = Stack(tmp_path_factory.mktemp("ground"))
    running.start()
    running.link(ANA)
    yield running
    running.stop()


@pytest.fixture
def stack(ground: Stack) -> Stack:
    """The stack, which runs; Ana's session is connected."""
    if ground.process is None or ground.process.poll() is not None:
        ground.start()
    if ground.session(ANA)["status"] != "CONNECTED":
        ground.post(f"/api/sessions/{ANA}/connect")
        ground.until(ANA, "CONNECTED")
    return ground


def jid(phone: Phone) -> str:
    return f"{phone.number}@s.whatsapp.net"


def chat(stack: Stack, bo: Phone) -> list[dict[str, Any]]:
    """What Ana and Bo said, oldest first."""
    return [message for message in messages(stack, ANA) if message["chat"] == jid(bo)]


def statuses(stack: Stack, bo: Phone) -> list[str]:
    return [message["status"] for message in chat(stack, bo)]


def texts(stack: Stack, bo: Phone) -> set[str]:
    return {message["message"] for message in chat(stack, bo)}


def on_record(stack: Stack, bo: Phone, count: int) -> None:
    eventually(lambda: len(chat(stack, bo)) == count)


def in_the_air(stack: Stack, bo: Phone, pool: ThreadPoolExecutor) -> list[Future[requests.Response]]:
    """Have four texts accepted of which the first is being sent, unacknowledged, and three wait for it."""
    assert send(stack, ANA, bo.number, "0").status_code == 200
    stack.network("faults/hold-acks", {"ms": 60_000})
    calls = []
    for count in range(1, 5):
        calls.append(pool.submit(send, stack, ANA, bo.number, str(count)))
        on_record(stack, bo, count + 1)
    eventually(lambda: statuses(stack, bo)[1:] == ["sending", *["queued"] * 3])
    return calls


def kill_in_the_air(stack: Stack, bo: Phone) -> None:
    """Kill the whole stack while four texts are in the air; whoever sent one was told that it is accepted, or nothing."""
    with ThreadPoolExecutor(4) as pool:
        calls = in_the_air(stack, bo, pool)
        workers = set(stack.workers())
        stack.kill()
        for call in calls:
            assert isinstance(call.exception(), requests.ConnectionError) or call.result().status_code == 202
    eventually(lambda: not alive(workers))


def settled(stack: Stack, bo: Phone) -> list[str]:
    """Wait until nothing is owed to Bo any more; return what became of all that was sent."""
    eventually(lambda: not {"queued", "sending"} & set(statuses(stack, bo)))
    return statuses(stack, bo)


def test_a_stack_that_was_stopped_connects_again_without_a_scan(stack: Stack, friend: Phone) -> None:
    stack.stop()
    stack.start()
    eventually(stack.serving)
    stack.until(ANA, "CONNECTED")
    friend.say(ANA, "Halo lagi")
    # As on a phone: what can't be opened at once is on record, and comes again.
    eventually(lambda: "Halo lagi" in [message["message"] for message in chat(stack, friend)], within=150)


def test_of_what_was_accepted_before_a_worker_was_killed_the_rest_goes_out_and_what_was_in_the_air_is_not_sent_again(
    stack: Stack, friend: Phone
) -> None:
    with ThreadPoolExecutor(4) as pool:
        calls = in_the_air(stack, friend, pool)
        stack.network("faults/hold-acks", {"ms": 0})
        (killed,) = stack.serving()
        os.kill(killed, signal.SIGKILL)
        assert {call.result().status_code for call in calls} <= {200, 202}
    # Its receipt settles it, unless that died with the client.
    assert settled(stack, friend)[1] in {*WENT_OUT, "unknown"}
    eventually(lambda: friend.heard() == ["0", "1", "2", "3", "4"])
    assert set(statuses(stack, friend)[2:]) <= WENT_OUT


def test_messages_accepted_before_the_whole_stack_was_killed_go_out_once_or_are_reported(
    stack: Stack, friend: Phone
) -> None:
    kill_in_the_air(stack, friend)
    stack.start()
    # Its receipt settles it, unless that died with the client.
    assert settled(stack, friend)[1] in {*WENT_OUT, "unknown"}
    eventually(lambda: friend.heard() == ["0", "1", "2", "3", "4"])


def test_what_phones_say_while_nobody_is_there_arrives(stack: Stack, friend: Phone) -> None:
    stack.post(f"/api/sessions/{ANA}/disconnect")
    said = [f"away {count}" for count in range(5)]
    for text in said:
        friend.say(ANA, text)
    stack.until(ANA, "STOPPED")
    stack.kill()
    stack.start()
    assert chat(stack, friend) == []
    stack.post(f"/api/sessions/{ANA}/connect")
    eventually(lambda: sorted(message["message"] for message in chat(stack, friend)) == said)


def test_no_message_that_a_worker_took_is_lost_when_the_whole_stack_is_killed_at_once(
    stack: Stack, friend: Phone
) -> None:
    said = [f"just now {count}" for count in range(60)]
    with ThreadPoolExecutor(1) as pool:
        talking = pool.submit(lambda: [friend.say(ANA, text) for text in said])
        # Right after the last one is on record: nothing has a second to be saved in.
        eventually(lambda: set(said) <= texts(stack, friend), every=0.01, within=150)
        stack.kill()
        talking.result()
    stack.start()
    assert set(said) <= texts(stack, friend)
