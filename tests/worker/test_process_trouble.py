"""A worker process with the real client, while WhatsApp is away, refuses, or cuts the connection."""

from pathlib import Path

import pytest

from chalicelib.domain.session import Reason, Status
from tests.worker.processes import NUMBER, ProcessHarness, told

pytestmark = pytest.mark.subprocess


def test_a_dropped_connection_is_reported_and_made_again(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.connected()
        await harness.wa.post(f"phones/{NUMBER}/drop")
        await harness.until(lambda _: len(harness.reported()) >= 3)
        types = ["session.connected", "session.disconnected", "session.connected"]
        assert [event.type for event in harness.reported()[:3]] == types

    told(tmp_path, story, device)


def test_whatsapp_out_of_reach_is_tried_again(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.start(HTTPS_PROXY="http://127.0.0.1:1")
        session = await harness.until(lambda session: session.reason == Reason.CONNECT_FAILURE)
        assert session.status is Status.STARTING
        assert session.next_at
        first = session.next_at
        session = await harness.until(lambda session: (session.next_at or 0) > first)
        assert (session.next_at or 0) - first >= 2_000

    told(tmp_path, story)


@pytest.mark.parametrize(("code", "reason"), [(403, Reason.ACCOUNT_LOCKED), (406, Reason.ACCOUNT_BANNED)])
def test_an_account_that_whatsapp_locks_or_bans_is_told_by_name_and_its_keys_are_gone(
    tmp_path: Path, device: Path, code: int, reason: Reason
) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.wa.post("faults/failure", reason=code)
        worker = await harness.start()
        assert await harness.ended(worker) == 0
        assert (harness.now.status, harness.now.reason, harness.now.device) == (Status.FAILED, reason, None)

    told(tmp_path, story, device)


def test_an_account_that_is_banned_or_locked_while_it_is_connected_is_told_by_name(
    tmp_path: Path, device: Path
) -> None:
    async def story(harness: ProcessHarness) -> None:
        for code, reason in ((402, Reason.TEMPORARY_BAN), (403, Reason.ACCOUNT_LOCKED)):
            worker = await harness.connected()
            await harness.wa.post("faults/failure", reason=code, ban=104)
            await harness.wa.post(f"phones/{NUMBER}/drop")
            assert await harness.ended(worker) == 0
            assert (harness.now.status, harness.now.reason) == (Status.FAILED, reason)
            if code == 402:
                assert "the same message too often" in (harness.now.message or "")

    told(tmp_path, story, device)


def test_a_refused_login_fails_the_session_where_trying_again_is_no_use(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        for code, reason in ((405, Reason.CLIENT_OUTDATED), (402, Reason.TEMPORARY_BAN)):
            await harness.wa.post("faults/failure", reason=code)
            worker = await harness.start()
            assert await harness.ended(worker) == 0
            assert (harness.now.status, harness.now.reason) == (Status.FAILED, reason)
        await harness.connected()

    told(tmp_path, story, device)
