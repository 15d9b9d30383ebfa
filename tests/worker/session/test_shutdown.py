"""Unlinking and deleting."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.session import Reason, Status
from chalicelib.worker import monotonic
from chalicelib.worker.handover import Exit
from chalicelib.worker.waiting import Rung
from chalicelib.worker.whatsapp import client as c
from tests.makers import DEVICE
from tests.worker.databases import leave
from tests.worker.harness import WorkerHarness

pytestmark = pytest.mark.subprocess

CONNECTED = c.ConnectedEvent(DEVICE)


@pytest.fixture
def linked(tmp_path: Path) -> WorkerHarness:
    return WorkerHarness(tmp_path, linked=True)


def home(harness: WorkerHarness) -> Path:
    return harness.root / harness.session.uid


def test_a_device_that_is_online_is_logged_out_at_once(linked: WorkerHarness) -> None:
    assert linked.play(CONNECTED, lambda: linked.happen(e.UnlinkRequested()), Rung()) == Exit(0)
    assert "logout" in linked.clients[0].calls
    assert (linked.now.status, linked.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_BY_OWNER)
    assert list(home(linked).iterdir()) == []


def test_a_device_that_is_away_connects_first(linked: WorkerHarness) -> None:
    linked.happen(e.UnlinkRequested())
    assert linked.play(c.DisconnectedEvent(), CONNECTED) == Exit(0)
    assert linked.clients[0].calls[:2] == ["connect", "logout"]


def test_whatsapp_that_refuses_leaves_it_unconfirmed(linked: WorkerHarness) -> None:
    linked.confirms = False
    linked.happen(e.UnlinkRequested())
    linked.play(CONNECTED)
    assert linked.now.reason == Reason.UNLINK_UNCONFIRMED
    assert list(home(linked).iterdir()) == []


def test_whatsapp_out_of_reach_leaves_it_unconfirmed(linked: WorkerHarness) -> None:
    linked.happen(e.UnlinkRequested())
    linked.play(c.EndedEvent("no route"))
    assert linked.now.reason == Reason.UNLINK_UNCONFIRMED


def test_a_refused_login_leaves_it_unconfirmed_and_is_not_tried_again(linked: WorkerHarness) -> None:
    linked.happen(e.UnlinkRequested())
    assert linked.play(c.ConnectFailureEvent(500)) == Exit(0)
    assert linked.now.reason == Reason.UNLINK_UNCONFIRMED


def test_a_device_that_is_away_gets_half_a_minute(linked: WorkerHarness) -> None:
    away, began = linked.shutdown(), monotonic()
    assert away.begin(linked=True, online=False) is None
    assert away.deadline
    assert began + 30_000 <= away.deadline <= monotonic() + 30_000
    before = away.deadline
    assert away.begin(linked=True, online=False) is None
    assert away.deadline == before


def test_unlinked_from_the_phone_meanwhile_is_unlinked(linked: WorkerHarness) -> None:
    linked.happen(e.UnlinkRequested())
    linked.play(c.LoggedOutEvent(401))
    assert linked.now.reason == Reason.UNLINKED_BY_OWNER


def test_deleting_erases_everything_and_gives_the_lease_back_before_it_says_so(linked: WorkerHarness) -> None:
    linked.happen(e.DeleteRequested())
    released: list[bool] = []
    report = linked.outside.reports.report

    def watched(event: e.LinkEvent, *, uid: str, **claim: Any) -> object:
        released.append(linked.outside.leases.rows[uid].released)
        linked.outside.leases.rows.clear()
        return report(event, uid=uid, **claim)

    linked.outside.reports.report = watched  # type: ignore[assignment, method-assign]
    assert linked.play(CONNECTED) == Exit(0)
    assert linked.now.erased
    assert not home(linked).exists()
    assert released == [True]
    assert linked.outside.leases.rows == {}


def test_what_was_never_linked_is_deleted_without_whatsapp(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path)
    harness.happen(e.DeleteRequested())
    assert harness.play() == Exit(0)
    assert harness.now.reason == Reason.UNLINKED_BY_OWNER
    assert not home(harness).exists()


def test_keys_that_another_worker_removed_before_its_report_was_lost_leave_it_unconfirmed(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path)
    stands = harness.now
    assert harness.outside.sessions.move(replace(stands, device=DEVICE, version=stands.version + 1))
    harness.happen(e.DeleteRequested())
    assert harness.play() == Exit(0)
    assert harness.now.reason == Reason.UNLINK_UNCONFIRMED


def test_a_session_whose_table_is_older_than_its_files_is_not_taken_for_unlinked(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path)
    stands = harness.now
    known = replace(stands, device=DEVICE, connected_at=stands.created_at, version=stands.version + 1)
    assert harness.outside.sessions.move(known)
    leave(home(harness) / "device-0000000009.db", "ana")
    assert harness.play() == Exit(70)
    assert (harness.clients, harness.reported, harness.now.status) == ([], [], Status.STARTING)
    assert harness.outside.leases.rows[stands.uid].released
    assert [file.name for file in home(harness).glob("*.db")] == ["device-0000000009.db"]


def test_a_device_that_cannot_be_read_fails_a_start_and_not_a_deletion(tmp_path: Path) -> None:
    harness = WorkerHarness(tmp_path)
    home(harness).mkdir()
    (home(harness) / "device-0000000000.db").write_bytes(os.urandom(4_096))
    assert harness.play() == Exit(1)
    assert harness.now.status is Status.STARTING
    harness.happen(e.DeleteRequested())
    assert harness.play() == Exit(0)
    assert harness.now.reason == Reason.UNLINK_UNCONFIRMED
    assert not home(harness).exists()
