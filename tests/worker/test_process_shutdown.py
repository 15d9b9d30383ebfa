"""A worker process with the real client, and the ways in which it parts: stopped, unlinked, deleted, terminated."""

import asyncio
import signal
from pathlib import Path

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.session import Reason, Status
from tests.worker.outside import now
from tests.worker.workers import NUMBER, Stage, told

pytestmark = pytest.mark.subprocess


def test_stop_keeps_the_device_and_the_next_worker_gives_its_lease_back_at_a_sigterm(
    tmp_path: Path, device: Path
) -> None:
    async def story(stage: Stage) -> None:
        first = await stage.connected()
        stage.wish(e.StopRequested())
        assert await stage.ended(first) == 0
        assert (stage.now.status, stage.lease().released) == (Status.STOPPED, True)
        second = await stage.connected()
        assert stage.now.epoch == 2
        await stage.until(lambda _: stage.stored() == ["device-0000000002.db"])
        began, reported = now(), len(stage.reported())
        second.send_signal(signal.SIGTERM)
        assert await stage.ended(second) == 0
        assert now() - began < 30_000  # what a task is given before it is killed
        assert (stage.now.status, stage.lease().released) == (Status.CONNECTED, True)
        assert stage.reported()[reported:] == []
        assert e.QRShown not in {type(event) for event in stage.reported()}

    told(tmp_path, story, device)


def test_sigterm_ends_a_worker_that_shows_a_code(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        await stage.code()
        worker.send_signal(signal.SIGTERM)
        assert await stage.ended(worker) == 0
        assert stage.lease().released

    told(tmp_path, story)


def test_a_connection_that_is_never_made_keeps_nobody_from_stopping(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        called: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        # Takes the client's call and says nothing: the library waits for ever, and so does all that asks it.
        silence = await asyncio.start_server(lambda _, writer: called.put_nowait(writer), "127.0.0.1", 0)
        async with silence:
            port = silence.sockets[0].getsockname()[1]
            worker = await stage.start(HTTPS_PROXY=f"http://127.0.0.1:{port}")
            caller = await called.get()
            await asyncio.sleep(1)  # by now the worker has looked whether it is connected
            stage.wish(e.StopRequested())
            assert await stage.ended(worker) == 0
            caller.close()
        assert stage.now.status is Status.STOPPED

    told(tmp_path, story)


def test_unlink_logs_out_at_whatsapp_and_removes_the_device(tmp_path: Path, device: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.connected()
        stage.wish(e.UnlinkRequested())
        assert await stage.ended(worker) == 0
        assert (stage.now.status, stage.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_BY_OWNER)
        assert stage.stored() == []
        assert (await stage.wa.get("phones"))["phones"][0]["devices"] == []

    told(tmp_path, story, device)


def test_delete_claims_a_worker_that_unlinks_the_device_and_erases_everything(tmp_path: Path, device: Path) -> None:
    async def story(stage: Stage) -> None:
        stage.happen(e.DeleteRequested())
        assert await stage.ended(await stage.start()) == 0
        assert stage.now.erased
        assert stage.now.reason == Reason.UNLINKED_BY_OWNER
        assert not (stage.directory / "devices" / stage.session.uid).exists()
        assert (await stage.wa.get("phones"))["phones"][0]["devices"] == []

    told(tmp_path, story, device)


def test_deleting_what_was_never_linked_needs_no_whatsapp(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        await stage.code()
        stage.wish(e.DeleteRequested())
        assert await stage.ended(worker) == 0
        assert stage.now.erased

    told(tmp_path, story)


def test_unlinked_from_the_phone_ends_the_worker_and_the_next_one_shows_a_code(tmp_path: Path, device: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.connected()
        assert (await stage.wa.post(f"phones/{NUMBER}/unlink"))[0] == 200
        assert await stage.ended(worker) == 0
        assert (stage.now.status, stage.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_FROM_PHONE)
        await stage.start()
        await stage.code()

    told(tmp_path, story, device)


def test_unlinked_while_nobody_served_it_ends_the_worker_though_the_library_loses_the_event(
    tmp_path: Path, device: Path
) -> None:
    async def story(stage: Stage) -> None:
        assert (await stage.wa.post(f"phones/{NUMBER}/unlink"))[0] == 200
        assert await stage.ended(await stage.start(module="tests.worker.deaf_child")) == 0
        assert (stage.now.status, stage.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_FROM_PHONE)

    told(tmp_path, story, device)
