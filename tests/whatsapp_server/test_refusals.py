"""What WhatsApp refuses at a device's registration and login, and when it wants a new code shown."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chalicelib.wire.node import Node
from tests.whatsapp_server.companion import Companion, Wire, dialled
from tests.whatsapp_server.devices import NUMBER, Loopback, loopback
from tests.whatsapp_server.test_visit import logged_in, paired, registered

Story = Callable[[Loopback, Companion], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    async def run() -> None:
        async with loopback(tmp_path) as wa:
            await story(wa, Companion())

    asyncio.run(run())


async def greeted(wa: Loopback, companion: Companion, payload: bytes) -> Node:
    """Shake hands with this payload; the server's first word."""
    async with dialled(wa.whatsapp) as wire:
        await wire.open(companion.noise, payload)
        return await wire.receive()


def test_a_client_that_is_too_old_is_let_in_nowhere(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        await paired(wa, companion)
        assert (await wa.post("faults/version", least="2.3000.5"))[0] == 200
        for payload in (Companion().registration((2, 3000, 4)), companion.login((2, 3000, 4))):
            refused = await greeted(wa, companion, payload)
            assert (refused.tag, refused.text("reason")) == ("failure", "405")
        assert (await greeted(wa, companion, companion.login((2, 3000, 5)))).tag == "success"
        assert (await greeted(wa, companion, Companion().registration((2, 3000, 5)))).tag == "iq"

    told(tmp_path, story)


@pytest.mark.parametrize("least", ["2.3000", "newest", "2.3000.99999999999"])
def test_what_is_no_version_is_refused(tmp_path: Path, least: str) -> None:
    async def story(wa: Loopback, _companion: Companion) -> None:
        assert (await wa.post("faults/version", least=least))[1]["code"] == "bad_request"

    told(tmp_path, story)


def test_a_registration_can_be_refused(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        assert await wa.post("faults/failure", reason=403, registering=True) == (200, {"planned": 1})
        refused = await greeted(wa, companion, companion.registration())
        assert (refused.tag, refused.text("reason")) == ("failure", "403")
        assert (await greeted(wa, companion, companion.registration())).tag == "iq"

    told(tmp_path, story)


def test_a_ban_says_why_and_until_when(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        await paired(wa, companion)
        await wa.post("faults/failure", reason=402, number=NUMBER, ban=104, expire_s=86400)
        refused = await greeted(wa, companion, companion.login())
        assert (refused.text("reason"), refused.text("code"), refused.text("expire")) == ("402", "104", "86400")
        for reason in (403, 406):
            await wa.post("faults/failure", reason=reason)
            refused = await greeted(wa, companion, companion.login())
            assert (refused.text("reason"), refused.text("code"), refused.text("expire")) == (str(reason), "", "")

    told(tmp_path, story)


@pytest.mark.parametrize("child", ["companion_reg_refresh", "pair-device-rotate-qr"])
def test_whatsapp_can_want_a_new_code(tmp_path: Path, child: str) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        assert (await wa.post("faults/refresh"))[1]["code"] == "nothing_waits"
        async with dialled(wa.whatsapp) as wire:
            code = await registered(wire, companion)
            assert await wa.post("faults/refresh", child=child) == (200, {"asked": 1})
            asked = await wire.receive()
            assert (asked.tag, asked.text("type")) == ("notification", "companion_reg_refresh")
            assert [one.tag for one in asked.children] == [child]
            companion.secret = bytes(32)
            await linked(wa, companion, wire, companion.code(code.split(",")[0].encode()))

    told(tmp_path, story)


def test_a_scan_can_lead_to_a_new_code(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        assert await wa.post("faults/refresh", scans=1) == (200, {"scans": 1})
        async with dialled(wa.whatsapp) as wire:
            code = await registered(wire, companion)
            assert (await wa.scan(code))[1]["code"] == "expired_code"
            assert (await wire.receive()).text("type") == "companion_reg_refresh"
            companion.secret = bytes(32)
            await linked(wa, companion, wire, companion.code(code.split(",")[0].encode()))

    told(tmp_path, story)


def test_a_phone_can_be_one_that_links_no_such_devices(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with dialled(wa.whatsapp) as wire:
            await registered(wire, companion)
            assert await wa.post("faults/downgrade") == (200, {"told": 1})
            told = await wire.receive()
            assert (told.tag, [one.tag for one in told.children]) == ("ib", ["downgrade_webclient"])

    told(tmp_path, story)


def test_a_refresh_of_another_kind_is_refused(tmp_path: Path) -> None:
    async def story(wa: Loopback, _companion: Companion) -> None:
        assert (await wa.post("faults/refresh", child="other"))[1]["code"] == "bad_request"

    told(tmp_path, story)


def test_a_hosted_account_links_devices_and_stays_hosted(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        await wa.post(f"phones/{NUMBER}", name="Shop", hosted=True)
        await paired(wa, companion)
        async with logged_in(wa, companion):
            pass
        async with loopback(tmp_path) as again:
            account = again.whatsapp._network.account(NUMBER)
            assert account.hosted

    told(tmp_path, story)


async def linked(wa: Loopback, companion: Companion, wire: Wire, code: str) -> None:
    scan = asyncio.create_task(wa.scan(code))
    await wire.send(companion.agree(await wire.receive()))
    assert (await scan)[0] == 200


@pytest.mark.subprocess
def test_the_unmodified_client_shows_a_new_code_and_is_linked_to_a_hosted_account(tmp_path: Path) -> None:
    async def run() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            former = (await client.code()).split(",")
            assert (await wa.post("faults/refresh"))[0] == 200
            code = await client.code()
            assert (code.split(",")[0], code.split(",")[3] == former[3]) == (former[0], False)
            await wa.post(f"phones/{NUMBER}", name="Shop", hosted=True)
            assert (await wa.scan(code))[0] == 200
            await client.until("connected")
            await wa.say("628987654321", NUMBER, "Hello")
            assert (await client.message())["text"] == "Hello"
            await client.send("628987654321", "Welcome")

    asyncio.run(run())
