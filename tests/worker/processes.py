"""A real worker process with the real client, against the loopback WhatsApp; its outside is in the test's memory."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.lease import Lease, Order
from chalicelib.domain.session import Desired, Session, Status
from chalicelib.domain.transitions import advance
from tests.makers import a_session
from tests.whatsapp_server.devices import NUMBER, Loopback, loopback
from tests.worker.outside import ADDRESS, Outside, now

__all__ = ["NUMBER", "ProcessHarness", "told"]

ROOT = Path(__file__).parents[2]
CHILD = "tests.worker.child"
PATIENCE_S = 120
"""Seconds; a round of one code alone takes twenty."""


class ProcessHarness:
    """Outside, WhatsApp, and the workers of one session."""

    def __init__(self, directory: Path, wa: Loopback) -> None:
        self.directory = directory
        self.wa = wa
        self.outside = Outside()
        self._address = self.outside.serve()
        self.processes: list[asyncio.subprocess.Process] = []
        self.session = replace(a_session(), created_at=now())
        self.outside.sessions.create(self.session)

    @property
    def now(self) -> Session:
        session = self.outside.sessions.get(self.session.uid)
        assert session
        return session

    def require_phone(self, number: str) -> None:
        """Have the session be for that number's account alone."""
        stands = self.now
        self.outside.sessions.rows[stands.uid] = replace(stands, phone=number, require_phone_match=True)

    def happen(self, event: e.LinkEvent) -> Session:
        """Move the session as its owner or the reconciler does."""
        while True:
            after = advance(self.now, event, now=now(), event_id="")
            if self.outside.sessions.move(after):
                return after

    def wish(self, event: e.LinkEvent) -> None:
        self.happen(event)
        self.outside.mailbox.ring()

    async def start(self, module: str = CHILD, **environment: str) -> asyncio.subprocess.Process:
        """Claim the session for a worker and start it; wanted running, unless it is being deleted."""
        if self.now.desired is not Desired.DELETED:
            self.happen(e.StartRequested())
        worker = f"{self.session.uid}-{self.now.epoch + 1}"
        session = self.happen(e.WorkerClaimed(worker, "mailbox", standby=False))
        order = Order(worker, "mailbox", "default", "ana", session.uid, session.epoch)
        return await self.run(order, module, **environment)

    async def connected(self) -> asyncio.subprocess.Process:
        """Start a worker whose device is linked, and wait until it is connected."""
        process = await self.start()
        await self.until_status(Status.CONNECTED)
        return process

    async def run(self, order: Order, module: str = CHILD, **others: str) -> asyncio.subprocess.Process:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory)} | self.wa.whatsapp.client_environment()
        environment["PYTHONPATH"] += os.pathsep + str(ROOT)
        environment |= {"STAGE": "local", "WHATSAPP_ROOT_KEY": environment["LOOPBACK_WHATSAPP_ROOT_KEY"]}
        environment |= {"DEVICES": str(self.directory / "devices"), ADDRESS: self._address} | order.to_env()
        environment |= others
        with (self.directory / "worker.log").open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, env=environment, stdout=out, stderr=out, cwd=ROOT
            )
        self.processes.append(process)
        return process

    async def until(self, wanted: Callable[[Session], Any]) -> Session:
        """Wait until the session is as ``wanted``."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not wanted(self.now):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{self.now.status} {self.now.reason}\n{self.log()}") from None
        return self.now

    async def until_status(self, status: Status) -> Session:
        return await self.until(lambda session: session.status is status)

    async def until_it_was(self, reason: str) -> None:
        """Wait until the session has had ``reason``, though it may have moved on."""
        await self.until(lambda _: any(move.reason == reason for move in self.outside.sessions.moves))

    async def code(self) -> str:
        qr = (await self.until_status(Status.SCAN_QR)).qr
        assert qr
        return qr.code

    async def another_code(self, former: str) -> str:
        """Wait for a code that isn't the former one."""
        session = await self.until(lambda session: session.qr and session.qr.code != former)
        assert session.qr
        return session.qr.code

    async def linked(self) -> Session:
        """Scan the code and wait until the session is connected."""
        status, answer = await self.wa.scan(await self.code())
        assert status == 200, answer
        return await self.until_status(Status.CONNECTED)

    def reported(self) -> list[e.LinkEvent]:
        return self.outside.reports.heard

    def lease(self) -> Lease:
        lease = self.outside.leases.get(self.session.uid)
        assert lease
        return lease

    def take_lease_away(self) -> None:
        """Give it to somebody of a later epoch, as if this worker's had expired."""
        self.outside.leases.rows[self.session.uid] = replace(self.lease(), worker="another", epoch=2)

    def stored(self) -> list[str]:
        """The names of the device databases that are there."""
        return sorted(file.name for file in (self.directory / "devices" / self.session.uid).glob("*.db"))

    async def ended(self, process: asyncio.subprocess.Process) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await process.wait()

    def log(self) -> str:
        return (self.directory / "worker.log").read_text()


def a_linked_device(directory: Path) -> Path:
    """Link a client; return the directory with its database, and with the state of the WhatsApp that knows it."""

    async def link() -> None:
        async with loopback(directory / "wa") as wa, wa.client(directory / "device.db") as client:
            await wa.linked(client)
            await wa.until_nothing_waits()

    asyncio.run(link())
    return directory


@asynccontextmanager
async def process_harness(directory: Path) -> AsyncIterator[ProcessHarness]:
    async with loopback(directory / "wa") as wa:
        harness = ProcessHarness(directory, wa)
        try:
            yield harness
        finally:
            for process in harness.processes:
                if process.returncode is None:
                    process.send_signal(signal.SIGKILL)
                await process.wait()


def told(directory: Path, story: Callable[[ProcessHarness], Any], device: Path | None = None) -> None:
    """Run a story; its session's device is linked already where ``device`` holds one."""

    async def run() -> None:
        async with process_harness(directory) as harness:
            await story(harness)

    if device:
        shutil.copytree(device / "wa", directory / "wa")
        home = directory / "devices" / a_session().uid
        home.mkdir(parents=True)
        for file in device.glob("device.db*"):
            shutil.copy(file, home / file.name.replace("device", "device-0000000000"))
    asyncio.run(run())
