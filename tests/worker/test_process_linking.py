"""A worker process with the real client, from its order to a linked device."""

import asyncio
from pathlib import Path

import pytest

from chalicelib.domain.access import Tenant
from chalicelib.domain.session import Reason, Status
from tests.worker.processes import NUMBER, ProcessHarness, told

pytestmark = pytest.mark.subprocess


@pytest.mark.parametrize("linker", ["own", "library"])
def test_each_code_is_shown_and_one_that_is_scanned_connects_and_none_of_it_is_logged(
    tmp_path: Path, linker: str
) -> None:
    async def story(harness: ProcessHarness) -> None:
        harness.outside.tenants.add(Tenant("default", "Kopi", 0, ("ana",), device_name="Kopi"))
        await harness.start(LINKER=linker)
        first = await harness.code()
        await harness.wa.post("faults/push-refs")
        second = await harness.another_code(first)
        assert harness.now.qr
        assert harness.now.qr.attempt == 2
        session = await harness.linked()
        (linked,) = (await harness.wa.get("phones"))["phones"][0]["devices"]
        assert linked["platform"] == "Kopi"
        assert session.device
        assert (session.device.phone, session.device.jid) == (NUMBER, f"{NUMBER}:1@s.whatsapp.net")
        assert session.device.lid
        assert session.device.lid.endswith(":1@lid")
        types = ["session.qr", "session.qr", "session.pairing", "session.connected"]
        assert [event.type for event in harness.reported()] == types
        # The log is written after the report.
        await harness.until(lambda _: "session.connected" in harness.log())
        assert "wa.me" not in harness.log()
        assert NUMBER not in harness.log()
        assert not any(part in harness.log() for code in (first, second) for part in code.split(",") if len(part) > 9)

    told(tmp_path, story)


def test_a_phone_with_the_wrong_secret_leads_to_a_new_code_in_the_same_process(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.start()
        first = await harness.code()
        assert (await harness.wa.scan(first, hmac="wrong"))[0] == 409
        await harness.until_it_was(Reason.PAIR_ERROR)
        await harness.another_code(first)
        assert worker.returncode is None
        await harness.linked()
        assert (harness.now.epoch, harness.lease().epoch) == (1, 1)

    told(tmp_path, story)


AT_ONCE_S = 1.0
"""Less than it takes to conclude from a closed socket that the client is dead."""


@pytest.mark.parametrize("wrong", ["secret", "socket"])
def test_a_code_that_is_dead_is_gone_at_once(tmp_path: Path, wrong: str) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.start()
        dead = await harness.code()
        if wrong == "secret":
            assert (await harness.wa.scan(dead, hmac="wrong"))[0] == 409
        else:
            assert await harness.wa.post("faults/close-unpaired") == (200, {"closed": 1})
        async with asyncio.timeout(AT_ONCE_S):
            session = await harness.until(lambda session: session.status is not Status.SCAN_QR)
        assert (session.qr, session.reason) == (None, Reason.PAIR_ERROR)
        await harness.another_code(dead)

    told(tmp_path, story)


def test_codes_that_run_out_lead_to_another_round_by_the_library_which_is_logged(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.wa.post("faults/refs", count=1)
        worker = await harness.start()
        first = await harness.code()
        await harness.until_it_was(Reason.NEW_SCAN_ROUND)
        await harness.another_code(first)
        assert (harness.now.round, harness.now.qr and harness.now.qr.attempt) == (2, 1)
        assert '"event": "linking_fell_back", "uid": "' in harness.log()
        assert '"why": "codes_ran_out"' in harness.log()
        assert harness.log().count('"event": "serving"') == 1, "the process is still the same image"
        await harness.linked()
        assert worker.returncode is None

    told(tmp_path, story)


def test_a_worker_that_is_killed_as_soon_as_the_phone_has_linked_it_leaves_a_linked_device(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.start()
        assert (await harness.wa.scan(await harness.code()))[0] == 200
        worker.kill()
        await worker.wait()
        harness.outside.leases.rows.clear()
        await harness.connected()
        assert harness.now.device

    told(tmp_path, story)


def test_a_version_of_our_own_links_and_a_login_that_is_outdated_keeps_its_keys(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.wa.post("faults/version", least="2.3000.2000000000")
        worker = await harness.start()
        assert await harness.ended(worker) == 0
        assert (harness.now.status, harness.now.reason) == (Status.FAILED, Reason.CLIENT_OUTDATED)
        worker = await harness.start(WHATSAPP_VERSION="2.3000.2000000000")
        assert (await harness.wa.scan(await harness.code()))[0] == 200
        assert await harness.ended(worker) == 0
        assert (harness.now.status, harness.now.reason) == (Status.FAILED, Reason.CLIENT_OUTDATED)
        await harness.wa.post("faults/version", least="0.0.0")
        await harness.connected()

    told(tmp_path, story)


def test_a_registration_that_whatsapp_refuses_to_both_linkers_is_the_end(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        for _ in range(2):
            await harness.wa.post("faults/failure", reason=403, registering=True)
        worker = await harness.start()
        assert await harness.ended(worker) == 0
        assert (harness.now.status, harness.now.reason) == (Status.FAILED, Reason.REGISTRATION_REFUSED)
        assert [event.type for event in harness.reported()][-2:] == [
            "session.connect_failure",
            "session.registration_refused",
        ]
        assert '"why": "refused 403"' in harness.log()
        # Nobody's account was in it: the next start is like the first.
        await harness.start()
        assert await harness.code()

    told(tmp_path, story)


def test_a_passkey_demanded_ends_a_worker_that_links_by_the_library(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.wa.post("faults/passkey")
        worker = await harness.start(LINKER="library")
        await harness.wa.scan(await harness.code())
        assert await harness.ended(worker) == 0
        assert (harness.now.status, harness.now.answered) == (Status.PASSKEY_REQUIRED, True)
        assert harness.now.reason == Reason.PASSKEY_UNSUPPORTED

    told(tmp_path, story)


def test_an_account_that_the_session_isn_t_for_is_unlinked_again_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        phone = "628999000111"
        harness.require_phone(NUMBER)
        await harness.wa.post("phones/628777000333")
        worker = await harness.start()
        status, answer = await harness.wa.scan(await harness.code(), number=phone)
        assert status == 200, answer
        await harness.wa.say("628777000333", phone, "for the other account")
        session = await harness.until_status(Status.LOGGED_OUT)
        assert (session.reason, session.device) == (Reason.PHONE_MISMATCH, None)
        assert session.last_event
        assert session.last_event.data["phone"] == phone
        assert await harness.ended(worker) == 0
        phones = (await harness.wa.get("phones"))["phones"]
        assert [one["devices"] for one in phones if one["number"] == phone] == [[]], "unlinked at WhatsApp"
        assert harness.stored() == []
        assert Status.CONNECTED not in {move.status for move in harness.outside.sessions.moves}
        assert harness.outside.messages.rows == {}

    told(tmp_path, story)


def test_the_account_that_the_session_is_for_is_linked_as_ever(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        harness.require_phone(NUMBER)
        await harness.start()
        assert (await harness.linked()).phone_mismatch is False

    told(tmp_path, story)
