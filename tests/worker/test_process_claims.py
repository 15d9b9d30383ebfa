"""Worker processes with the real client, and who of them may serve the session."""

import asyncio
import signal
from asyncio.subprocess import Process
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.lease import Lease, Order
from chalicelib.domain.session import Reason, Status
from chalicelib.services.ports import Standby, Unavailable
from chalicelib.worker import monotonic
from chalicelib.worker.health import complaint, last_beat
from chalicelib.worker.session.device import copy
from chalicelib.worker.session.lease import LONGEST_PAUSE
from infra.local.client import open_files
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
        assert standbys.assign("standby-1", tenant="default", uid=harness.session.uid, epoch=1)
        harness.outside.mailbox.ring()
        await harness.until(lambda _: standbys.pool["standby-1"].uid is None)
        harness.happen(e.WorkerClaimed("standby-1", "mailbox", standby=True))
        assert standbys.assign("standby-1", tenant="default", uid=harness.session.uid, epoch=2)
        harness.outside.mailbox.ring()
        await harness.until_status(Status.CONNECTED)
        assert standbys.given("standby-1") == (harness.session.uid, 2)
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


@dataclass
class DeafLeases(MemoryLeases):
    """Answers nobody for as long as it is deaf."""

    deaf: bool = False

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        if self.deaf:
            raise Unavailable
        return super().acquire(lease, now=now)

    def renew(self, lease: Lease) -> bool:
        if self.deaf:
            raise Unavailable
        return super().renew(lease)


async def without_a_client(harness: ProcessHarness, worker: Process) -> None:
    """Wait until the worker's process has no device open any more: its next image has begun."""
    async with asyncio.timeout(60):
        while any(name.endswith(".db") for name in open_files(worker.pid)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert worker.returncode is None, harness.log()


def test_a_worker_whose_lease_ran_out_waits_without_a_client_and_takes_the_same_claim_again(
    tmp_path: Path, device: Path
) -> None:
    async def story(harness: ProcessHarness) -> None:
        harness.outside.leases = leases = DeafLeases()
        worker = await harness.connected()
        leases.deaf = True
        await without_a_client(harness, worker)
        assert not harness.lease().released
        leases.deaf = False
        await harness.until(lambda _: len(harness.reported()) >= 3)
        kinds = ["session.connected", "session.disconnected", "session.connected"]
        assert [event.type for event in harness.reported()] == kinds
        assert (harness.now.status, harness.now.epoch) == (Status.CONNECTED, 1)
        assert (worker.returncode, harness.stored()) == (None, ["device-0000000001.db"])
        harness.wish(e.StopRequested())
        assert await harness.ended(worker) == 0

    told(tmp_path, story, device)


def test_a_worker_whose_lease_ran_out_ends_once_another_has_the_claim(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        harness.outside.leases = leases = DeafLeases()
        worker = await harness.connected()
        leases.deaf = True
        await without_a_client(harness, worker)
        reported = len(harness.reported())
        harness.happen(e.WorkerClaimed("another", "mailbox", standby=False))
        leases.deaf = False
        assert await harness.ended(worker) == 75
        assert len(harness.reported()) == reported

    told(tmp_path, story, device)


def test_a_worker_that_waits_for_its_lease_is_healthy_and_ends_when_it_is_told_to(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        harness.outside.leases = leases = DeafLeases()
        heartbeat = tmp_path / "heartbeat"
        worker = await harness.start(HEARTBEAT=str(heartbeat))
        await harness.until_status(Status.CONNECTED)
        leases.deaf = True
        await without_a_client(harness, worker)
        waits_since = monotonic()
        await harness.until(lambda _: (last_beat(heartbeat) or 0) > waits_since + 2 * LONGEST_PAUSE * 1000)
        assert complaint(heartbeat, within=2 * LONGEST_PAUSE, now=monotonic()) is None
        worker.terminate()
        assert await harness.ended(worker) == 0

    told(tmp_path, story, device)


def test_a_worker_that_lost_its_lease_ends_itself_without_a_word(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.connected()
        harness.take_lease_away()
        assert await harness.ended(worker) == 70
        assert harness.now.status is Status.CONNECTED
        assert harness.lease().worker == "another"

    told(tmp_path, story, device)
