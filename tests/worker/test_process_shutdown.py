"""A worker process with the real client, and the ways in which it parts: stopped, unlinked, deleted, terminated."""

import asyncio
import signal
from pathlib import Path

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.session import Reason, Status
from tests.worker.outside import now
from tests.worker.processes import NUMBER, ProcessHarness, told

pytestmark = pytest.mark.subprocess


def test_stop_keeps_the_device_and_the_next_worker_gives_its_lease_back_at_a_sigterm(
    tmp_path: Path, device: Path
) -> None:
    async def story(harness: ProcessHarness) -> None:
        first = await harness.connected()
        harness.wish(e.StopRequested())
        assert await harness.ended(first) == 0
        assert (harness.now.status, harness.lease().released) == (Status.STOPPED, True)
        second = await harness.connected()
        assert harness.now.epoch == 2
        await harness.until(lambda _: harness.stored() == ["device-0000000002.db"])
        began, reported = now(), len(harness.reported())
        second.send_signal(signal.SIGTERM)
        assert await harness.ended(second) == 0
        assert now() - began < 30_000  # what a task is given before it is killed
        assert (harness.now.status, harness.lease().released) == (Status.CONNECTED, True)
        assert harness.reported()[reported:] == []
        assert e.QRShown not in {type(event) for event in harness.reported()}

    told(tmp_path, story, device)


def test_sigterm_ends_a_worker_that_shows_a_code(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.start()
        await harness.code()
        worker.send_signal(signal.SIGTERM)
        assert await harness.ended(worker) == 0
        assert harness.lease().released

    told(tmp_path, story)


def test_a_connection_that_is_never_made_keeps_nobody_from_stopping(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        called: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        # Takes the client's call and says nothing: the library waits for ever, and so does all that asks it.
        silence = await asyncio.start_server(lambda _, writer: called.put_nowait(writer), "127.0.0.1", 0)
        async with silence:
            port = silence.sockets[0].getsockname()[1]
            silent = {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "LINKER": "library"}
            worker = await harness.start("tests.worker.asking_child", **silent)
            caller = await called.get()
            await harness.until(lambda _: "asks whether it is connected" in harness.log())
            harness.wish(e.StopRequested())
            assert await harness.ended(worker) == 0
            caller.close()
        assert harness.now.status is Status.STOPPED

    told(tmp_path, story)


def test_unlink_logs_out_at_whatsapp_and_removes_the_device(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.connected()
        harness.wish(e.UnlinkRequested())
        assert await harness.ended(worker) == 0
        assert (harness.now.status, harness.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_BY_OWNER)
        assert harness.stored() == []
        assert (await harness.wa.get("phones"))["phones"][0]["devices"] == []

    told(tmp_path, story, device)


def test_delete_claims_a_worker_that_unlinks_the_device_and_erases_everything(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        harness.happen(e.DeleteRequested())
        assert await harness.ended(await harness.start()) == 0
        assert harness.now.erased
        assert harness.now.reason == Reason.UNLINKED_BY_OWNER
        assert not (harness.directory / "devices" / harness.session.uid).exists()
        assert (await harness.wa.get("phones"))["phones"][0]["devices"] == []

    told(tmp_path, story, device)


def test_deleting_what_was_never_linked_needs_no_whatsapp(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.start()
        await harness.code()
        harness.wish(e.DeleteRequested())
        assert await harness.ended(worker) == 0
        assert harness.now.erased

    told(tmp_path, story)


def test_unlinked_from_the_phone_ends_the_worker_and_the_next_one_shows_a_code(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.connected()
        assert (await harness.wa.post(f"phones/{NUMBER}/unlink"))[0] == 200
        assert await harness.ended(worker) == 0
        assert (harness.now.status, harness.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_FROM_PHONE)
        await harness.start()
        await harness.code()

    told(tmp_path, story, device)


def test_unlinked_while_nobody_served_it_ends_the_worker_though_the_library_loses_the_event(
    tmp_path: Path, device: Path
) -> None:
    async def story(harness: ProcessHarness) -> None:
        assert (await harness.wa.post(f"phones/{NUMBER}/unlink"))[0] == 200
        assert await harness.ended(await harness.start(module="tests.worker.deaf_child")) == 0
        assert (harness.now.status, harness.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_FROM_PHONE)

    told(tmp_path, story, device)
