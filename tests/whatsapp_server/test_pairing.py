"""The unmodified client against the loopback WhatsApp, from its first code to the end of the link."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.whatsapp_server.devices import NUMBER, PATIENCE_S, Loopback, RawClient, loopback

pytestmark = pytest.mark.subprocess

Story = Callable[[Loopback, RawClient], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    """Run a story with one client that has just started."""

    async def run() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            await story(wa, client)

    asyncio.run(run())


def stored(database: Path) -> int:
    """How many devices are in a client's database."""
    with closing(sqlite3.connect(database, timeout=PATIENCE_S)) as connection:
        return int(connection.execute("SELECT count(*) FROM whatsmeow_device").fetchone()[0])


def test_the_unmodified_client_pairs_restarts_and_connects(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        status, answer = await wa.scan(await client.code())
        assert (status, answer["number"], answer["device"]) == (200, NUMBER, 1)
        assert answer["jid"] == f"{NUMBER}:1@s.whatsapp.net"
        await client.until("connected")
        linking = [said["event"] for said in client.heard if said["event"] in {"qr", "pair", "connected"}]
        assert linking == ["qr", "pair", "connected"]  # the phone's first messages come when they come
        assert wa.whatsapp.asked_hosts == {"web.whatsapp.com": 2}  # the second time after the restart

    told(tmp_path, story)


def test_a_linked_device_comes_back_without_a_scan_after_both_sides_restarted(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            await wa.linked(client)
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            await client.until("connected")
            assert not {"qr", "pair"} & {said["event"] for said in client.heard}
            assert (await wa.get("phones"))["phones"][0]["name"] == "Ana"

    asyncio.run(story())


def test_a_phone_with_the_wrong_secret_is_refused_by_the_client(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        status, answer = await wa.scan(await client.code(), hmac="wrong")
        assert (status, answer["code"]) == (409, "refused_by_device")
        assert "hmac-mismatch" in answer["error"]
        assert (await wa.get("phones"))["phones"][0]["devices"] == []

    told(tmp_path, story)


def test_a_device_that_the_phone_unlinks_is_logged_out_and_stays_out(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await wa.linked(client)
        assert await wa.post(f"phones/{NUMBER}/unlink") == (200, {"number": NUMBER, "unlinked": [1]})
        assert (await client.until("logged_out"))["on_connect"] is False
        assert (await wa.post(f"phones/{NUMBER}/unlink"))[0] == 404

    told(tmp_path, story)


def test_a_device_unlinked_while_it_was_away_learns_of_it_at_its_login(tmp_path: Path) -> None:
    """By what it stores: the library loses the event where the refusal is quicker than it comes to deliver events."""

    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa:
            async with wa.client(tmp_path / "device.db") as client:
                await wa.linked(client)
            await wa.until_online(online=False)
            assert (await wa.post(f"phones/{NUMBER}/unlink", device=1))[0] == 200
            assert stored(tmp_path / "device.db") == 1
            async with wa.client(tmp_path / "device.db"), asyncio.timeout(PATIENCE_S):
                while stored(tmp_path / "device.db"):  # noqa: ASYNC110  # another process's file has no event
                    await asyncio.sleep(0.05)

    asyncio.run(story())


def test_a_device_can_log_itself_out(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await wa.linked(client)
        client.tell("logout")
        await client.until("logged_out_itself")
        assert (await wa.get("phones"))["phones"][0]["devices"] == []

    told(tmp_path, story)


def test_a_second_connection_of_the_same_device_replaces_the_first(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await wa.linked(client)
        async with wa.client(tmp_path / "device.db") as second:
            await second.until("connected")
            await client.until("replaced")
            assert (await wa.get("phones"))["phones"][0]["devices"][0]["online"] is True

    told(tmp_path, story)


def test_a_dropped_connection_is_made_again(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await wa.linked(client)
        assert await wa.post(f"phones/{NUMBER}/drop") == (200, {"number": NUMBER, "dropped": 1})
        await client.until("disconnected")
        await client.until("connected")

    told(tmp_path, story)


def test_nobody_can_drop_a_device_that_is_away(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa:
            async with wa.client(tmp_path / "device.db") as client:
                await wa.linked(client)
            await wa.until_online(online=False)
            assert (await wa.post(f"phones/{NUMBER}/drop"))[1]["code"] == "not_online"

    asyncio.run(story())


def test_an_account_links_several_devices(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await wa.linked(client)
        async with wa.client(tmp_path / "second.db") as second:
            await wa.linked(second)
            devices = (await wa.get("phones"))["phones"][0]["devices"]
            assert [(device["device"], device["online"]) for device in devices] == [(1, True), (2, True)]

    told(tmp_path, story)


def test_new_codes_make_the_former_ones_expire(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        former = await client.code()
        assert await wa.post("faults/push-refs") == (200, {"pushed": 1})
        latest = await client.code()
        assert (await wa.scan(former))[1]["code"] == "expired_code"
        assert (await wa.scan(latest))[0] == 200

    told(tmp_path, story)


def test_a_used_code_serves_nobody_else(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        code = await client.code()
        assert (await wa.scan(code))[0] == 200
        assert (await wa.scan(code, number="6289999999999"))[1]["code"] == "expired_code"

    told(tmp_path, story)


def test_a_code_whose_client_is_gone_has_expired(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        code = await client.code()
        assert await wa.post("faults/close-unpaired") == (200, {"closed": 1})
        assert (await wa.scan(code))[1]["code"] == "expired_code"

    told(tmp_path, story)


def test_a_code_of_an_earlier_run_has_expired_and_one_of_elsewhere_is_foreign(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            code = await client.code()
        async with loopback(tmp_path / "wa") as wa:
            assert (await wa.scan(code))[1]["code"] == "expired_code"
        async with loopback(tmp_path / "elsewhere") as wa:
            assert (await wa.scan(code))[1]["code"] == "foreign_code"

    asyncio.run(story())


def test_a_code_with_other_keys_than_the_waiting_device_has_is_foreign(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        parts = (await client.code()).split(",")
        swapped = ",".join([parts[0], parts[2], parts[1], *parts[3:]])
        assert (await wa.scan(swapped))[1]["code"] == "foreign_code"

    told(tmp_path, story)


def test_a_passkey_can_be_demanded_instead_of_linking(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        code = await client.code()
        assert (await wa.post("faults/passkey"))[0] == 200
        assert (await wa.scan(code))[1]["code"] == "passkey_required"

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("route", "why", "event"),
    [
        ("faults/failure", {"reason": 401, "number": NUMBER}, "logged_out"),
        ("faults/failure", {"reason": 402, "number": NUMBER}, "banned"),
        ("faults/failure", {"reason": 503, "number": NUMBER}, "connected"),
        ("faults/version", {"least": "2.3001.0"}, "outdated"),
    ],
)
def test_a_login_can_be_refused(tmp_path: Path, route: str, why: dict[str, object], event: str) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await wa.linked(client)
        assert (await wa.post(route, **why))[0] == 200
        await wa.post(f"phones/{NUMBER}/drop")
        await client.until("disconnected")
        assert (await client.until(event)).get("on_connect", True)

    told(tmp_path, story)
