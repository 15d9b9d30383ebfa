"""A worker's messaging, from its first connection to its end."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.content import Text
from chalicelib.domain.messages import MessageStatus, Party
from chalicelib.domain.ring import ANYTHING, Matter, Ring
from chalicelib.services.messages.store import Received
from chalicelib.worker.handover import Again, Exit
from chalicelib.worker.session.messaging import BackgroundWorker, Messaging
from chalicelib.worker.waiting import Rung, Terminated
from chalicelib.worker.whatsapp import client as c
from tests.makers import DEVICE, a_message
from tests.worker.harness import WorkerHarness
from tests.worker.outside import now

pytestmark = pytest.mark.subprocess

CONNECTED = c.ConnectedEvent(DEVICE)
RECEIVED = Received(
    "3A01", "628777000001@s.whatsapp.net", Party("628777000001"), at=1_795_229_017_000, content=Text("Kopi?")
)


@pytest.fixture
def linked(tmp_path: Path) -> WorkerHarness:
    return WorkerHarness(tmp_path, linked=True)


def owe(harness: WorkerHarness) -> None:
    message = a_message(uid=harness.session.uid, id="1", text="Halo", expires_at=now() + 60_000)
    harness.outside.messages.put(message)


def status(harness: WorkerHarness) -> MessageStatus:
    return harness.outside.messages.rows[harness.session.uid, "1"].status


def until_sent(harness: WorkerHarness) -> None:
    """End the worker with its first send."""

    def send(_to: str, text: str) -> str:
        harness.events.terminate()
        return f"3EB0{text}"

    harness.send = send


def test_what_is_owed_goes_out_once_it_is_connected(linked: WorkerHarness) -> None:
    # It was connected before: only then it can have been sent to.
    rows, uid = linked.outside.sessions.rows, linked.session.uid
    rows[uid] = replace(rows[uid], connected_at=now())
    owe(linked)
    until_sent(linked)
    assert linked.play(CONNECTED) == Exit(0)
    assert status(linked) is MessageStatus.SENT


def test_a_ring_is_for_messages_too(linked: WorkerHarness) -> None:
    until_sent(linked)
    assert linked.play(CONNECTED, lambda: owe(linked), Rung()) == Exit(0)
    assert status(linked) is MessageStatus.SENT


class Rings(BackgroundWorker):
    """A worker that counts how often it was rung for."""

    def __init__(self, matter: Matter) -> None:
        self.rung = 0
        self.MATTER = matter  # type: ignore[misc]  # each of them has its own

    def ring(self) -> None:
        self.rung += 1

    def _turn(self) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("rings", "to_send", "to_answer"),
    [
        ((Ring(Matter.MESSAGE),), 1, 0),
        ((Ring(Matter.QUESTION),), 0, 1),
        ((ANYTHING,), 1, 1),
        ((Ring(Matter.MESSAGE), Ring(Matter.MESSAGE)), 1, 0),
        ((Ring(Matter.MESSAGE), Ring(Matter.QUESTION)), 1, 1),
    ],
)
def test_a_ring_has_those_look_whom_it_is_for(rings: tuple[Ring, ...], to_send: int, to_answer: int) -> None:
    sender, answerer = Rings(Matter.MESSAGE), Rings(Matter.QUESTION)
    nothing: Any = None
    Messaging(nothing, (sender, answerer), nothing, nothing).ring(Rung(rings))
    assert (sender.rung, answerer.rung) == (to_send, to_answer)


def test_a_ring_for_a_message_says_nothing_of_what_the_owner_wants(linked: WorkerHarness) -> None:
    until_sent(linked)

    def stop_and_owe() -> None:
        linked.happen(e.StopRequested())
        owe(linked)

    assert linked.play(CONNECTED, stop_and_owe, Rung((Ring(Matter.MESSAGE),))) == Exit(0)
    assert status(linked) is MessageStatus.SENT


def test_nothing_goes_out_while_the_connection_is_lost(linked: WorkerHarness) -> None:
    owe(linked)
    linked.play(c.DisconnectedEvent(), Terminated())
    assert status(linked) is MessageStatus.QUEUED


def test_nothing_goes_out_once_the_owner_wants_it_stopped(linked: WorkerHarness) -> None:
    linked.happen(e.StopRequested())
    owe(linked)
    assert linked.play(CONNECTED) == Exit(0)
    assert status(linked) is MessageStatus.QUEUED


def test_what_came_in_to_the_last_moment_is_kept(linked: WorkerHarness) -> None:
    assert linked.play(CONNECTED, *[c.Incoming(RECEIVED)] * 2, Terminated()) == Exit(0)
    (message,) = linked.outside.messages.rows.values()
    assert (message.content.text, message.uid) == ("Kopi?", linked.session.uid)
    assert not list((linked.root / linked.session.uid).glob("inbox-*"))


def test_what_came_in_before_the_image_was_replaced_is_kept(linked: WorkerHarness) -> None:
    ending = linked.play(c.Incoming(RECEIVED), c.EndedEvent("no route"))
    assert isinstance(ending, Again)
    held = ending.handover
    assert linked.play(CONNECTED, Terminated(), renewed=held.renewed, holder=held.holder) == Exit(0)
    assert len(linked.outside.messages.rows) == 1


def test_receipts_are_noted(linked: WorkerHarness) -> None:
    owe(linked)
    dispatch, message = linked.outside.dispatch, linked.outside.messages.rows[linked.session.uid, "1"]
    begun = dispatch.begin(message, epoch=1)
    assert begun
    dispatch.sent(begun, "3EB0")
    linked.play(CONNECTED, c.ReceiptEvent(("3EB0", "3EB1"), MessageStatus.READ), Terminated())
    assert status(linked) is MessageStatus.READ


def test_a_deleted_session_leaves_no_file(linked: WorkerHarness) -> None:
    linked.happen(e.DeleteRequested())
    linked.play(c.Incoming(RECEIVED), CONNECTED)
    assert not (linked.root / linked.session.uid).exists()
