"""Worker processes with the real client, and who of them may serve the session."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.lease import Lease, Order
from chalicelib.domain.session import Reason, Status
from chalicelib.services.ports import Standby
from chalicelib.worker.session.device import copy
from tests.fakes import MemoryLeases
from tests.worker.outside import now
from tests.worker.processes import ProcessHarness, told

pytestmark = pytest.mark.subprocess


@dataclass
class CountedLeases(MemoryLeases):
    """Counts who had to wait."""

    refusals: int = 0

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        taken, before = super().acquire(lease, now=now)
        self.refusals += not taken
        return taken, before


def test_a_worker_ends_when_a_later_claim_comes_into_force(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.connected()
        harness.wish(e.WorkerClaimed("another", "mailbox", standby=False))
        assert await harness.ended(worker) == 70
        assert harness.lease().released
        assert harness.now.status is Status.STARTING

    told(tmp_path, story, device)


def test_a_second_worker_waits_for_the_lease_of_the_first(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        first = await harness.connected()
        first.send_signal(signal.SIGSTOP)
        harness.outside.leases = leases = CountedLeases(harness.outside.leases.rows)
        await harness.start()
        await harness.until(lambda _: leases.refusals > 1)
        assert harness.lease().epoch == 1
        assert harness.now.status is Status.STARTING
        first.send_signal(signal.SIGKILL)
        # As the end of the first one's task does.
        harness.outside.leases.release(harness.session.uid, worker=f"{harness.session.uid}-1", epoch=1)
        await harness.until_status(Status.CONNECTED)
        assert harness.lease().epoch == 2

    told(tmp_path, story, device)


def test_a_standby_serves_what_it_is_given(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        standbys = harness.outside.standbys
        standbys.put(Standby("standby-1", "mailbox", until=now() + 60_000))
        worker = await harness.run(Order("standby-1", "mailbox"))
        await harness.until(lambda _: standbys.pool["standby-1"].ready)
        # First something that was claimed for somebody else meanwhile: it goes back to waiting.
        harness.happen(e.StartRequested())
        harness.happen(e.WorkerClaimed("another", "mailbox", standby=True))
        assert standbys.assign("standby-1", uid=harness.session.uid, epoch=1)
        harness.outside.mailbox.ring()
        await harness.until(lambda _: standbys.pool["standby-1"].uid is None)
        harness.happen(e.WorkerClaimed("standby-1", "mailbox", standby=True))
        assert standbys.assign("standby-1", uid=harness.session.uid, epoch=2)
        harness.outside.mailbox.ring()
        await harness.until_status(Status.CONNECTED)
        assert standbys.pool == {}
        harness.wish(e.StopRequested())
        assert await harness.ended(worker) == 0

    told(tmp_path, story, device)


def test_a_replaced_device_stays_replaced(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.connected()
        await harness.until(lambda _: harness.stored() == ["device-0000000001.db"])
        database = harness.directory / "devices" / harness.session.uid / harness.stored()[0]
        # Nobody else can open the database that the worker's client has open.
        assert copy(database, tmp_path / "copy.db")
        async with harness.wa.client(tmp_path / "copy.db"):
            assert await harness.ended(worker) == 0
        assert (harness.now.status, harness.now.reason) == (Status.STOPPED, Reason.REPLACED)

    told(tmp_path, story, device)


def test_a_worker_that_lost_its_lease_ends_itself_without_a_word(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.connected()
        harness.take_lease_away()
        assert await harness.ended(worker) == 70
        assert harness.now.status is Status.CONNECTED
        assert harness.lease().worker == "another"

    told(tmp_path, story, device)
