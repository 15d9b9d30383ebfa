"""A deployment reaches sessions that are connected: each moves to a worker of the new version, and nobody scans."""

import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.chatting import Phone, messages, send
from infra.local.client import Stack, eventually

ANA, BO = "628111000001", "628777000001"
A_MINUTE = 150.0
"""Seconds until the sweep has come round for certain, on a busy machine too."""


def environment_of(worker: int) -> dict[str, str]:
    """Return what the worker's task was started with."""
    pairs = Path(f"/proc/{worker}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


class TheTable:
    """The stack's table, as an operator reaches it."""

    def __init__(self, stack: Stack) -> None:
        (worker,) = stack.serving()
        told = environment_of(worker)
        self.name = told["TABLE_NAME"]
        self.client = boto3.client(
            "dynamodb",
            endpoint_url=told["AWS_ENDPOINT_URL"],
            region_name=told["AWS_REGION"],
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def _key(self) -> dict[str, Any]:
        entry = {"pk": {"S": "T#default"}, "sk": {"S": f"S#{ANA}"}}
        uid = self.client.get_item(TableName=self.name, Key=entry)["Item"]["uid"]["S"]
        return {"pk": {"S": f"S#{uid}"}, "sk": {"S": "SESSION"}}

    def task(self) -> str:
        """Return the task definition that the session's worker was started from."""
        return str(self.client.get_item(TableName=self.name, Key=self._key())["Item"]["task"]["S"])

    def say_it_was_started_from(self, task: str) -> None:
        """Have the session's worker be one of another version."""
        self.client.update_item(
            TableName=self.name,
            Key=self._key(),
            UpdateExpression="SET task = :task",
            ExpressionAttributeValues={":task": {"S": task}},
        )


def accepted(stack: Stack, text: str) -> str:
    """Have Ana send a text, asked again while her worker changes, and return the text."""
    while (answer := send(stack, ANA, BO, text)).status_code == 409:
        time.sleep(0.2)
    assert answer.ok, answer.text
    return text


def came_in(stack: Stack) -> list[str]:
    return sorted(message["message"] for message in messages(stack, ANA) if message["direction"] == "inbound")


@pytest.mark.timeout(300)
def test_a_session_moves_to_the_deployed_version_with_no_scan_and_no_message_lost(own_stack):
    stack = own_stack(SEND_BURST="1000", SEND_PER_MINUTE="10000")
    stack.start()
    stack.link(ANA)
    bo = Phone(stack, BO).switch_on()
    table, before = TheTable(stack), stack.serving()
    current = table.task()
    codes = stack.log().count("session.qr")
    table.say_it_was_started_from("worker:0")

    out, back, ends = list[str](), list[str](), time.monotonic() + A_MINUTE
    while time.monotonic() < ends and (stack.serving() in ([], before) or table.task() != current):
        bo.say(ANA, f"back {len(back)}")
        back.append(f"back {len(back)}")
        out.append(accepted(stack, f"out {len(out)}"))
        time.sleep(0.5)

    session = stack.until(ANA, "CONNECTED")
    assert table.task() == current
    (after,) = stack.serving()
    assert [after] != before
    eventually(lambda: not set(before) & set(stack.workers()))
    assert session["logged_in"] is True
    out.append(accepted(stack, "out last"))
    eventually(lambda: sorted(bo.heard()) == sorted(out))
    eventually(lambda: came_in(stack) == sorted(back))
    assert stack.log().count("session.qr") == codes
