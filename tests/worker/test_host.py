"""A worker from its order to its ending, where that isn't a matter of its client."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.order import Order
from chalicelib.domain.session import Reason, Session, Status
from chalicelib.services.ports import Unavailable
from chalicelib.worker.ending import BROKEN, DONE, NOTHING_TO_DO, Exit
from chalicelib.worker.events import EventQueue
from chalicelib.worker.handover import Handover
from chalicelib.worker.host import Host
from chalicelib.worker.log import Log
from chalicelib.worker.session.device import Devices
from chalicelib.worker.whatsapp import client as c
from tests.makers import DEVICE
from tests.worker.outside import Bell, Outside
from tests.worker.puppets import Theatre

pytestmark = pytest.mark.subprocess


def no_client(database: Path, emit: c.Emit, *, linking: bool) -> c.Client:
    raise AssertionError


class Broken(Bell):
    """A mailbox that fails before it rings."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._errors = [error]

    def wait(self, mailbox: str, seconds: float) -> list[str]:
        if self._errors:
            raise self._errors.pop()
        return super().wait(mailbox, seconds)

    def heard(self, mailbox: str, rings: Sequence[str]) -> None:
        raise Unavailable


def test_a_claim_that_is_over_is_not_served(tmp_path: Path) -> None:
    theatre = Theatre(tmp_path)
    theatre.happen(e.WorkerClaimed("somebody", "mailbox", standby=False))
    assert theatre.play() == Exit(NOTHING_TO_DO)
    assert (theatre.reported, theatre.clients) == ([], [])
    assert theatre.outside.leases.rows[theatre.session.uid].released


def test_what_nobody_expected_ends_it_in_order(tmp_path: Path) -> None:
    def report(*_: object, **__: object) -> Session:
        raise ValueError

    theatre = Theatre(tmp_path)
    theatre.outside.link.report = report  # type: ignore[method-assign]
    assert theatre.play(c.QREvent("2@ref,noise,identity,secret,1")) == Exit(BROKEN)


def test_a_standby_that_was_removed_ends(tmp_path: Path) -> None:
    worker = Host(Outside().services, Devices(tmp_path), no_client, EventQueue(), Log())
    assert worker.run(Handover(Order("standby-1", "mailbox"), standby=True)) == Exit(DONE)


@pytest.mark.parametrize("error", [Unavailable(), ValueError("what nobody expected")])
def test_a_mailbox_that_fails_is_asked_again(tmp_path: Path, error: Exception) -> None:
    theatre = Theatre(tmp_path, linked=True)
    theatre.outside.mailbox = Broken(error)

    def stop() -> None:
        theatre.happen(e.StopRequested())
        theatre.outside.mailbox.ring()

    assert theatre.play(c.ConnectedEvent(DEVICE), stop) == Exit(DONE)
    assert theatre.now.status is Status.STOPPED


def test_a_device_that_vanished_since_it_was_connected_is_logged_out(tmp_path: Path) -> None:
    theatre = Theatre(tmp_path)
    theatre.happen(e.Connected(DEVICE), e.WorkerClaimed("worker-1", "mailbox", standby=False))
    assert theatre.play() == Exit(DONE)
    assert (theatre.now.status, theatre.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_FROM_PHONE)
    assert theatre.clients == []


def test_a_device_that_was_never_connected_is_only_not_linked_yet(tmp_path: Path) -> None:
    theatre = Theatre(tmp_path)
    theatre.connected = False
    theatre.play(c.QREvent("2@ref,noise,identity,secret,1"), c.PairSuccessEvent(DEVICE), c.PairErrorEvent("no"))
    assert theatre.now.device
    theatre.outside.leases.rows.clear()
    theatre.play(c.QREvent("2@ref,noise,identity,secret,1"), theatre.events.terminate)
    assert theatre.now.status is Status.SCAN_QR
