"""A worker process with the real client, while WhatsApp is away, refuses, or cuts the connection."""

from pathlib import Path

import pytest

from chalicelib.domain.session import Reason, Status
from tests.worker.workers import NUMBER, Stage, told

pytestmark = pytest.mark.subprocess


def test_a_dropped_connection_is_reported_and_made_again(tmp_path: Path, device: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.connected()
        await stage.wa.post(f"phones/{NUMBER}/drop")
        await stage.until(lambda _: len(stage.reported()) >= 3)
        types = ["session.connected", "session.disconnected", "session.connected"]
        assert [event.type for event in stage.reported()[:3]] == types

    told(tmp_path, story, device)


def test_whatsapp_out_of_reach_is_tried_again(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.start(HTTPS_PROXY="http://127.0.0.1:1")
        session = await stage.until(lambda session: session.reason == Reason.CONNECT_FAILURE)
        assert session.status is Status.STARTING
        assert session.next_at
        first = session.next_at
        session = await stage.until(lambda session: (session.next_at or 0) > first)
        assert (session.next_at or 0) - first >= 2_000

    told(tmp_path, story)


def test_a_refused_login_fails_the_session_where_trying_again_is_no_use(tmp_path: Path, device: Path) -> None:
    async def story(stage: Stage) -> None:
        for code, reason in ((405, Reason.CLIENT_OUTDATED), (402, Reason.TEMPORARY_BAN)):
            await stage.wa.post("knobs/failure", reason=code)
            worker = await stage.start()
            assert await stage.ended(worker) == 0
            assert (stage.now.status, stage.now.reason) == (Status.FAILED, reason)
        await stage.connected()

    told(tmp_path, story, device)
