"""The table can't be reached for a minute: workers wait without their clients, and take their claims again."""

import time
from pathlib import Path

import pytest

from infra.local.client import Stack, eventually

OUTAGE_S = 60
SOON_S = 10.0
"""Seconds from the table's first answer until each session is connected again."""


def tasks(stack: Stack) -> set[str]:
    """Return the names of all workers whose tasks were ever started: each has a log of its own."""
    return {log.name for log in Path(stack.state / "logs").iterdir()}


def logins(stack: Stack) -> int:
    """Return how often a client has asked for the way to WhatsApp."""
    return int(stack.network("hosts").json()["asked"]["web.whatsapp.com"])


def online(stack: Stack) -> int:
    """Return how many linked devices are connected, as WhatsApp sees it."""
    phones = stack.network("phones").json()["phones"]
    return sum(device["online"] for phone in phones for device in phone["devices"])


@pytest.mark.timeout(400)
@pytest.mark.parametrize("callers", ["workers", pytest.param("everybody", marks=pytest.mark.soak)])
def test_a_minute_without_the_table_ends_no_worker_and_each_session_is_back_at_once(own_stack, callers, capsys):
    stack = own_stack()
    stack.start()
    numbers = ["6281234500001", "6281234500002"]
    for number in numbers:
        stack.link(number)
    eventually(lambda: len(stack.workers()) > len(stack.serving()))
    workers, serving, started, before = set(stack.workers()), set(stack.serving()), tasks(stack), logins(stack)

    stack.cut_off_table(OUTAGE_S, callers)
    ends = time.monotonic() + OUTAGE_S
    eventually(lambda: not stack.serving(), within=OUTAGE_S)
    eventually(lambda: not online(stack), within=5)
    assert set(stack.workers()) == workers, "each lives, the standby as well"
    while time.monotonic() < ends:
        assert (stack.serving(), online(stack)) == ([], 0), "nobody has a client while nobody knows whose turn it is"
        time.sleep(0.5)

    eventually(lambda: set(stack.serving()) == serving, within=SOON_S)
    for number in numbers:
        stack.until(number, "CONNECTED", within=SOON_S)
    back = time.monotonic() - ends
    with capsys.disabled():
        print(f"\n{OUTAGE_S} s without the table for {callers}: all connected again {back:.1f} s after")
    eventually(lambda: logins(stack) == before + len(numbers))
    assert back < SOON_S
    # What the sweep makes of it, and of the calls that it may have made, comes within the next minute.
    until = time.monotonic() + 65
    while time.monotonic() < until:
        assert (set(stack.workers()), set(stack.serving()), online(stack)) == (workers, serving, len(numbers))
        time.sleep(1)
    assert tasks(stack) == started, "no task was started for it"
    assert logins(stack) == before + len(numbers), "and nobody connected twice"
    assert all(stack.session(number)["status"] == "CONNECTED" for number in numbers)
