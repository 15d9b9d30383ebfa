"""A deployment reaches sessions that are connected: each moves to a worker of the new version, and nobody scans."""

import time

import pytest

from infra.local.client import Phone, Stack, eventually, messages, send
from tests.flows.table import Service, TheTable

A_MINUTE = 200.0
"""Seconds until the sweep has come round for certain, on a busy machine too."""


def codes_of(stack: Stack, session: str) -> int:
    """How many codes the session has shown."""
    return sum(session in line and "session.qr" in line for line in stack.log().splitlines())


def accepted(stack: Stack, session: str, friend: Phone, text: str) -> str:
    """Have the session send a text, asked again while its worker changes, and return the text."""
    while (answer := send(stack, session, friend.number, text)).status_code == 409:
        time.sleep(0.2)
    assert answer.ok, answer.text
    return text


def came_in(stack: Stack, session: str) -> list[str]:
    return sorted(message["message"] for message in messages(stack, session) if message["direction"] == "inbound")


@pytest.mark.timeout(500)
def test_a_session_moves_to_the_deployed_version_with_no_scan_and_no_message_lost(
    stack: Stack, number: str, friend: Phone
) -> None:
    stack.link(number)
    table, service = TheTable(stack), Service(stack, number)
    before, current, codes = service.workers(), table.task(number), codes_of(stack, number)
    table.say_it_was_started_from(number, "worker:0")

    out, back, ends = list[str](), list[str](), time.monotonic() + A_MINUTE
    while time.monotonic() < ends and (service.workers() in ([], before) or table.task(number) != current):
        back.append(f"back {len(back)}")
        friend.say(number, back[-1])
        out.append(accepted(stack, number, friend, f"out {len(out)}"))
        time.sleep(1)

    session = stack.until(number, "CONNECTED")
    assert table.task(number) == current
    eventually(lambda: not set(before) & set(stack.workers()))
    assert len(service.workers()) == 1
    assert session["logged_in"] is True
    out.append(accepted(stack, number, friend, "out last"))
    eventually(lambda: sorted(friend.heard()) == sorted(out))
    eventually(lambda: came_in(stack, number) == sorted(back))
    assert codes_of(stack, number) == codes
