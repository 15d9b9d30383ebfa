"""The unmodified client's codes, left alone: each is shown for twenty seconds, which nothing shortens."""

import asyncio
from pathlib import Path

import pytest

from tests.whatsapp_server.devices import loopback

pytestmark = pytest.mark.subprocess


def test_the_client_rotates_through_its_codes_by_itself(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa:
            await wa.post("faults/refs", count=2)
            async with wa.client(tmp_path / "device.db") as client:
                first = await client.code()
                second = await client.code()
                assert (await wa.scan(first))[1]["code"] == "expired_code"
                assert (await wa.scan(second))[0] == 200

    asyncio.run(story())


def test_a_client_whose_codes_are_used_up_gives_up(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa:
            await wa.post("faults/refs", count=1)
            async with wa.client(tmp_path / "device.db") as client:
                code = await client.code()
                await wa.until_nobody_waits()
                assert (await wa.scan(code))[1]["code"] == "expired_code"

    asyncio.run(story())
