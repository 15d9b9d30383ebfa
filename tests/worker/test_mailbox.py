"""The worker's mailbox on a real SQS, over HTTP: what is rung is heard, also by the image that comes after this one."""

import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from threading import Thread
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chalicelib.adapters.queues import SqsMailboxes
from chalicelib.domain import events as e
from chalicelib.domain.ring import ANYTHING, Matter, Ring
from chalicelib.worker.handover import Again
from chalicelib.worker.whatsapp import client as c
from tests.makers import DEVICE
from tests.worker.harness import WorkerHarness
from tests.worker.threads import until

pytestmark = pytest.mark.subprocess

SOON_S = 2.0


@pytest.fixture
def mailboxes(monkeypatch: pytest.MonkeyPatch) -> Iterator[SqsMailboxes]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("sqs", region_name="eu-west-1", endpoint_url=f"http://{host}:{port}")
    yield SqsMailboxes(client, "switchboard-")
    server.stop()


def heard_in(mailboxes: SqsMailboxes, mailbox: str) -> float:
    """Seconds until a poll that begins now has a ring."""
    began = time.monotonic()
    assert mailboxes.wait(mailbox, 20)
    return time.monotonic() - began


def a_poll_left_behind(mailboxes: SqsMailboxes, mailbox: str) -> list[str]:
    """Have a poll take the ring, whose caller is gone by then; returns what it took."""
    took: list[str] = []
    poll = Thread(target=lambda: took.extend(mailboxes.wait(mailbox, 20)), daemon=True)
    poll.start()
    mailboxes.ring(mailbox)
    poll.join()
    return took


class Real:
    """The worker's side of one real mailbox, whatever name the worker has for it."""

    def __init__(self, mailboxes: SqsMailboxes, url: str) -> None:
        self._mailboxes = mailboxes
        self._url = url
        self.polls = 0
        """Polls that wait at this moment."""

    def ring(self, mailbox: str = "") -> None:
        self._mailboxes.ring(self._url)

    def wait(self, mailbox: str, seconds: float) -> dict[str, Ring]:
        self.polls += 1
        try:
            return self._mailboxes.wait(self._url, seconds)
        finally:
            self.polls -= 1

    def heard(self, mailbox: str, rings: Collection[str]) -> None:
        self._mailboxes.heard(self._url, rings)


def test_a_ring_that_a_poll_took_whose_caller_is_gone_is_heard_within_two_seconds(mailboxes: SqsMailboxes) -> None:
    mailbox = mailboxes.create(uuid4().hex)
    assert a_poll_left_behind(mailboxes, mailbox), "the ring was there for the next poll"
    assert heard_in(mailboxes, mailbox) < SOON_S


def test_a_ring_that_was_heard_is_heard_once(mailboxes: SqsMailboxes) -> None:
    mailbox = mailboxes.create(uuid4().hex)
    mailboxes.ring(mailbox)
    mailboxes.heard(mailbox, mailboxes.wait(mailbox, 20))
    assert mailboxes.wait(mailbox, SOON_S) == {}


def test_a_ring_says_what_it_is_for_and_one_that_says_nothing_known_is_for_anything(mailboxes: SqsMailboxes) -> None:
    mailbox = mailboxes.create(uuid4().hex)
    mailboxes.ring(mailbox, Ring(Matter.MESSAGE))
    mailboxes.client.send_message(QueueUrl=mailbox, MessageBody="ring")
    mailboxes.client.send_message(QueueUrl=mailbox, MessageBody='{"matter": "of a later version"}')
    heard = mailboxes.wait(mailbox, 20)
    assert sorted(heard.values(), key=str) == sorted([Ring(Matter.MESSAGE), ANYTHING, ANYTHING], key=str)


def test_no_poll_outlives_its_image(tmp_path: Path, mailboxes: SqsMailboxes) -> None:
    mailbox = mailboxes.create(uuid4().hex)
    harness = WorkerHarness(tmp_path)
    harness.outside.mailbox = real = Real(mailboxes, mailbox)  # type: ignore[assignment]

    def poll_is_there() -> None:
        until(lambda: real.polls)

    ending = harness.play(c.QREvent("2@ref,noise,identity,secret,1"), poll_is_there, c.CodesRanOutEvent())
    assert isinstance(ending, Again)
    assert real.polls == 0, "the former image would take the next ring"
    mailboxes.ring(mailbox)
    assert heard_in(mailboxes, mailbox) < SOON_S


def test_what_is_rung_reaches_the_worker(tmp_path: Path, mailboxes: SqsMailboxes) -> None:
    mailbox = mailboxes.create(uuid4().hex)
    harness = WorkerHarness(tmp_path, linked=True)
    harness.outside.mailbox = Real(mailboxes, mailbox)  # type: ignore[assignment]

    def stop() -> None:
        harness.happen(e.StopRequested())
        mailboxes.ring(mailbox)

    began = time.monotonic()
    harness.play(c.ConnectedEvent(DEVICE), stop)
    assert harness.now.observed_generation == harness.now.generation
    assert time.monotonic() - began < 5 * SOON_S
