"""A worker from its order to its ending, where that isn't a matter of its client."""

import time
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.lease import FENCE_AFTER, GRACE, Lease, Order
from chalicelib.domain.ring import Ring
from chalicelib.domain.session import Reason, Session, Status
from chalicelib.services.ports import Unavailable
from chalicelib.worker import monotonic
from chalicelib.worker.handover import BROKEN, DONE, NOTHING_TO_DO, Exit, Handover
from chalicelib.worker.host import Host
from chalicelib.worker.log import Log
from chalicelib.worker.session.device import Devices
from chalicelib.worker.waiting import EventQueue, Terminated
from chalicelib.worker.whatsapp import client as c
from tests.makers import DEVICE
from tests.worker.harness import WorkerHarness
from tests.worker.outside import Bell, Outside, now

pytestmark = pytest.mark.subprocess


def no_client(database: Path, handlers: c.Handlers, **_: object) -> c.Client:
    raise AssertionError


class Broken(Bell):
    """A mailbox that fails before it rings."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._errors = [error]

    def wait(self, mailbox: str, seconds: float) -> dict[str, Ring]:
        if self._errors:
            raise self._errors.pop()
        return super().wait(mailbox, seconds)

    def heard(self, mailbox: str, rings: Collection[str]) -> None:
        raise Unavailable


def test_a_claim_that_is_over_is_not_served(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path)
    harness.happen(e.WorkerClaimed("somebody", "mailbox", standby=False))
    assert harness.play() == Exit(NOTHING_TO_DO)
    assert (harness.reported, harness.clients) == ([], [])
    assert harness.outside.leases.rows[harness.session.uid].released


def test_what_nobody_expected_ends_it_in_order(tmp_path: Path) -> None:
    def report(*_: object, **__: object) -> Session:
        raise ValueError

    harness = WorkerHarness(tmp_path)
    harness.outside.reports.report = report  # type: ignore[method-assign]
    assert harness.play(c.QREvent("2@ref,noise,identity,secret,1")) == Exit(BROKEN)


def test_a_standby_that_was_removed_ends(tmp_path: Path) -> None:
    worker = Host(Outside().services, Devices(tmp_path), no_client, EventQueue(), Log(), lapse=lambda _: None)
    assert worker.run(Handover(Order("standby-1", "mailbox"), standby=True)) == Exit(DONE)


@pytest.mark.parametrize("error", [Unavailable(), ValueError("what nobody expected")])
def test_a_mailbox_that_fails_is_asked_again(tmp_path: Path, error: Exception) -> None:
    harness = WorkerHarness(tmp_path, linked=True)
    harness.outside.mailbox = Broken(error)

    def stop() -> None:
        harness.happen(e.StopRequested())
        harness.outside.mailbox.ring()

    assert harness.play(c.ConnectedEvent(DEVICE), stop) == Exit(DONE)
    assert harness.now.status is Status.STOPPED


def test_a_device_that_vanished_since_it_was_connected_is_logged_out(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path)
    harness.happen(e.Connected(DEVICE), e.WorkerClaimed("worker-1", "mailbox", standby=False))
    assert harness.play() == Exit(DONE)
    assert (harness.now.status, harness.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_FROM_PHONE)
    assert harness.clients == []


def test_a_session_whose_lease_had_run_out_is_served_again_under_the_same_claim(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path, linked=True)
    harness.happen(e.Connected(DEVICE))
    claimed, lease = harness.now, Lease(harness.session.uid, "worker-1", harness.now.epoch, until=now() - GRACE)
    harness.outside.leases.rows[lease.uid] = lease
    ending = harness.play(c.ConnectedEvent(DEVICE), Terminated(), lapsed=True, ended=claimed.epoch)
    assert ending == Exit(DONE)
    assert harness.reported == [e.Disconnected(Reason.CONNECTION_LOST), e.Connected(DEVICE)]
    assert (harness.now.epoch, harness.now.status) == (claimed.epoch, Status.CONNECTED)


def test_a_code_that_was_shown_when_the_lease_ran_out_is_followed_by_another(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path)
    harness.play(c.QREvent("2@ref,noise,identity,secret,1"), Terminated())
    assert harness.now.status is Status.SCAN_QR
    harness.events = EventQueue()
    harness.play(c.QREvent("2@another,noise,identity,secret,1"), Terminated(), lapsed=True)
    assert [type(event) for event in harness.reported] == [e.QRShown, e.PairError, e.QRShown]
    assert harness.now.status is Status.SCAN_QR


def test_a_session_that_was_claimed_anew_while_the_lease_had_run_out_gets_no_client(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path, linked=True)
    order = Order("worker-1", "mailbox", "default", "ana", harness.session.uid, harness.now.epoch)
    harness.happen(e.WorkerClaimed("somebody", "mailbox", standby=False))
    assert harness.play(order=order, lapsed=True) == Exit(NOTHING_TO_DO)
    assert (harness.reported, harness.clients) == ([], [])
    assert harness.outside.leases.rows[harness.session.uid].released


def test_a_lease_that_runs_out_is_handed_over_without_it(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path, linked=True, deaf=True)
    renewed = harness.hold_lease() - FENCE_AFTER
    harness.play(lambda: until(lambda: harness.lapsed), Terminated(), renewed=renewed)
    lapsed = harness.lapsed[0]
    assert (lapsed.lapsed, lapsed.renewed, lapsed.ended) == (True, None, harness.now.epoch)
    assert lapsed.claim == Order("worker-1", "mailbox", None, None, harness.session.uid, harness.now.epoch).claim


def until(there: Callable[[], object]) -> None:
    ends = monotonic() + 10_000
    while not there():
        assert monotonic() < ends
        time.sleep(0.01)


def test_a_device_that_was_never_connected_is_only_not_linked_yet(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path)
    harness.connected = False
    harness.play(c.QREvent("2@ref,noise,identity,secret,1"), c.PairSuccessEvent(DEVICE), c.PairErrorEvent("no"))
    assert harness.now.device
    harness.outside.leases.rows.clear()
    harness.play(c.QREvent("2@ref,noise,identity,secret,1"), harness.events.terminate)
    assert harness.now.status is Status.SCAN_QR
