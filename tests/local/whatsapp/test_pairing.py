"""The unmodified client against the loopback WhatsApp, from the first code to the end of the link."""

import asyncio
from pathlib import Path

from tests.local.whatsapp.devices import NUMBER, loopback


def test_the_unmodified_client_pairs_and_connects(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            status, answer = await wa.scan(await client.code())
            assert status == 200, answer
            assert answer["jid"] == f"{NUMBER}:1@s.whatsapp.net"
            await client.until("synced")
            assert [said["event"] for said in client.heard] == ["qr", "pair", "connected", "synced"]
            assert set(wa.whatsapp.asked_hosts) == {"web.whatsapp.com"}

    asyncio.run(story())
