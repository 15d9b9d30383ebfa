"""A worker process with the real client, from its order to its ending."""

import asyncio
import signal
from pathlib import Path

from chalicelib.domain import events as e
from chalicelib.domain.reasons import Reason
from chalicelib.domain.session import Status
from chalicelib.services.ports import Order, Standby
from tests.worker.outside import now
from tests.worker.workers import NUMBER, Stage, told


def test_a_worker_shows_a_code_and_connects_once_it_is_scanned(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.start()
        session = await stage.linked()
        assert session.device
        assert (session.device.phone, session.device.jid) == (NUMBER, f"{NUMBER}:1@s.whatsapp.net")
        assert session.device.lid
        assert session.device.lid.endswith(":1@lid")
        assert [event.type for event in stage.reported()] == ["session.qr", "session.pairing", "session.connected"]

    told(tmp_path, story)


def test_neither_codes_nor_numbers_reach_the_log(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.start()
        code = await stage.code()
        await stage.linked()
        # The log is written after the report.
        await stage.until(lambda _: "session.connected" in stage.log())
        assert "wa.me" not in stage.log()
        assert NUMBER not in stage.log()
        assert not any(part in stage.log() for part in code.split(",") if len(part) > 9)

    told(tmp_path, story)


def test_stop_keeps_the_device_and_the_next_worker_connects_without_a_scan(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        first = await stage.start()
        await stage.linked()
        stage.wish(e.StopRequested())
        assert await stage.ended(first) == 0
        assert stage.now.status is Status.STOPPED
        assert stage.lease().released
        await stage.start()
        session = await stage.until_status(Status.CONNECTED)
        assert session.epoch == 2
        assert e.QRShown not in {type(event) for event in stage.reported()[3:]}
        await stage.until(lambda _: stage.stored() == ["device-0000000002.db"])

    told(tmp_path, story)


def test_sigterm_gives_the_lease_back_and_reports_nothing(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        await stage.linked()
        began = now()
        worker.send_signal(signal.SIGTERM)
        assert await stage.ended(worker) == 0
        assert now() - began < 10_000
        assert stage.now.status is Status.CONNECTED
        assert stage.lease().released

    told(tmp_path, story)


def test_sigterm_ends_a_worker_that_shows_a_code(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        await stage.code()
        worker.send_signal(signal.SIGTERM)
        assert await stage.ended(worker) == 0
        assert stage.lease().released

    told(tmp_path, story)


def test_unlink_logs_out_at_whatsapp_and_removes_the_device(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        await stage.linked()
        stage.wish(e.UnlinkRequested())
        assert await stage.ended(worker) == 0
        assert (stage.now.status, stage.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_BY_OWNER)
        assert stage.stored() == []
        assert (await stage.wa.get("phones"))["phones"][0]["devices"] == []

    told(tmp_path, story)


def test_delete_claims_a_worker_that_unlinks_the_device_and_erases_everything(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        first = await stage.start()
        await stage.linked()
        stage.wish(e.StopRequested())
        await stage.ended(first)
        stage.happen(e.DeleteRequested())
        second = await stage.start()
        assert await stage.ended(second) == 0
        assert stage.now.erased
        assert stage.now.reason == Reason.UNLINKED_BY_OWNER
        assert not (stage.directory / "devices" / stage.session.uid).exists()
        assert (await stage.wa.get("phones"))["phones"][0]["devices"] == []

    told(tmp_path, story)


def test_deleting_what_was_never_linked_needs_no_whatsapp(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        await stage.code()
        stage.wish(e.DeleteRequested())
        assert await stage.ended(worker) == 0
        assert stage.now.erased

    told(tmp_path, story)


def test_unlinked_from_the_phone_ends_the_worker_and_the_next_one_shows_a_code(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        await stage.linked()
        assert (await stage.wa.post(f"phones/{NUMBER}/unlink"))[0] == 200
        assert await stage.ended(worker) == 0
        assert (stage.now.status, stage.now.reason) == (Status.LOGGED_OUT, Reason.UNLINKED_FROM_PHONE)
        await stage.start()
        await stage.code()

    told(tmp_path, story)


def test_a_dropped_connection_is_reported_and_made_again(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.start()
        await stage.linked()
        await stage.wa.post(f"phones/{NUMBER}/drop")
        await stage.until(lambda _: len(stage.reported()) == 5)
        assert [event.type for event in stage.reported()[3:]] == ["session.disconnected", "session.connected"]

    told(tmp_path, story)


def test_a_phone_with_the_wrong_secret_leads_to_a_new_code_in_the_same_process(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        first = await stage.code()
        assert (await stage.wa.scan(first, hmac="wrong"))[0] == 409
        await stage.until_it_was(Reason.PAIR_ERROR)
        await stage.until(lambda session: session.qr and session.qr.code != first)
        assert worker.returncode is None
        await stage.linked()
        assert (stage.now.epoch, stage.lease().epoch) == (1, 1)

    told(tmp_path, story)


def test_codes_that_run_out_lead_to_another_round_in_the_same_process(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.wa.post("knobs/refs", count=1)
        worker = await stage.start()
        first = await stage.code()
        await stage.until_it_was(Reason.NEW_SCAN_ROUND)
        session = await stage.until(lambda session: session.qr and session.qr.code != first)
        assert (session.round, session.qr and session.qr.attempt) == (2, 1)
        assert worker.returncode is None

    told(tmp_path, story)


def test_new_codes_are_counted_and_shown_as_they_come(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.start()
        first = await stage.code()
        await stage.wa.post("knobs/push-refs")
        session = await stage.until(lambda session: session.qr and session.qr.code != first)
        assert session.qr
        assert session.qr.attempt == 2

    told(tmp_path, story)


def test_a_passkey_demanded_ends_the_worker(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.wa.post("knobs/passkey")
        worker = await stage.start()
        await stage.wa.scan(await stage.code())
        assert await stage.ended(worker) == 0
        assert stage.now.status is Status.PASSKEY_REQUIRED

    told(tmp_path, story)


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


def test_a_refused_login_fails_the_session_where_trying_again_is_no_use(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        first = await stage.start()
        await stage.linked()
        stage.wish(e.StopRequested())
        await stage.ended(first)
        for code, reason in ((405, Reason.CLIENT_OUTDATED), (402, Reason.TEMPORARY_BAN)):
            await stage.wa.post("knobs/failure", reason=code)
            worker = await stage.start()
            assert await stage.ended(worker) == 0
            assert (stage.now.status, stage.now.reason) == (Status.FAILED, reason)
        await stage.start()
        await stage.until_status(Status.CONNECTED)

    told(tmp_path, story)


def test_a_worker_whose_claim_is_over_does_nothing(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        stage.happen(e.StartRequested())
        stage.happen(e.WorkerClaimed("somebody", "mailbox", standby=False))
        worker = await stage.run(Order("nobody", "mailbox", "default", "ana", stage.session.uid, 1))
        assert await stage.ended(worker) == 75
        assert stage.reported() == []
        assert stage.lease().released

    told(tmp_path, story)


def test_a_worker_ends_when_a_later_claim_comes_into_force(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        await stage.linked()
        stage.wish(e.WorkerClaimed("another", "mailbox", standby=False))
        assert await stage.ended(worker) == 70
        assert stage.lease().released
        assert stage.now.status is Status.STARTING

    told(tmp_path, story)


def test_a_second_worker_waits_for_the_lease_of_the_first(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        first = await stage.start()
        await stage.linked()
        first.send_signal(signal.SIGSTOP)
        await stage.start()
        await asyncio.sleep(1.5)
        assert stage.lease().epoch == 1
        assert stage.now.status is Status.STARTING
        first.send_signal(signal.SIGKILL)
        # As the end of the first one's task does.
        stage.outside.leases.release(stage.session.uid, worker=f"{stage.session.uid}-1", epoch=1)
        await stage.until_status(Status.CONNECTED)
        assert stage.lease().epoch == 2

    told(tmp_path, story)


def test_a_standby_serves_what_it_is_given(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        standbys = stage.outside.standbys
        standbys.put(Standby("standby-1", "mailbox", until=now() + 60_000))
        worker = await stage.run(Order("standby-1", "mailbox"))
        await stage.until(lambda _: standbys.pool["standby-1"].ready)
        # First something that was claimed for somebody else meanwhile: it goes back to waiting.
        stage.happen(e.StartRequested())
        stage.happen(e.WorkerClaimed("another", "mailbox", standby=True))
        assert standbys.assign("standby-1", uid=stage.session.uid, epoch=1)
        stage.outside.mailbox.ring()
        await stage.until(lambda _: standbys.pool["standby-1"].uid is None)
        stage.happen(e.WorkerClaimed("standby-1", "mailbox", standby=True))
        assert standbys.assign("standby-1", uid=stage.session.uid, epoch=2)
        stage.outside.mailbox.ring()
        await stage.linked()
        assert standbys.pool == {}
        stage.wish(e.StopRequested())
        assert await stage.ended(worker) == 0

    told(tmp_path, story)


def test_a_standby_that_was_removed_ends(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.run(Order("standby-1", "mailbox"))
        assert await stage.ended(worker) == 0

    told(tmp_path, story)


def test_a_replaced_device_stays_replaced(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        await stage.linked()
        database = stage.directory / "devices" / stage.session.uid / stage.stored()[0]
        async with stage.wa.client(database):
            assert await stage.ended(worker) == 0
        assert (stage.now.status, stage.now.reason) == (Status.STOPPED, Reason.REPLACED)

    told(tmp_path, story)


def test_a_worker_that_lost_its_lease_ends_itself_without_a_word(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        worker = await stage.start()
        await stage.linked()
        stage.take_lease_away()
        assert await stage.ended(worker) == 70
        assert stage.now.status is Status.CONNECTED
        assert stage.lease().worker == "another"

    told(tmp_path, story)
