"""Messages over killed clients and killed servers."""

import asyncio
from pathlib import Path

from tests.local.whatsapp.devices import NUMBER, Loopback, loopback
from tests.local.whatsapp.test_chatting import BO


class Abroad(Loopback):
    """A loopback WhatsApp in a process of its own, which can be killed."""

    def __init__(self, process: asyncio.subprocess.Process, told: dict[str, object], errors: Path) -> None:
        self._process = process


def test_what_comes_while_a_client_is_away_waits_for_it_in_order(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa:
            async with wa.client(tmp_path / "device.db") as client:
                await wa.linked(client)
                await wa.say(BO, NUMBER, "before")
                await client.message()
                await wa.until_nothing_waits()
            await wa.until_online(online=False)
            names = [await wa.say(BO, NUMBER, f"away {count}") for count in range(5)]
            async with wa.client(tmp_path / "device.db") as client:
                heard = [await client.message() for _ in names]
                assert [message["id"] for message in heard] == names
                await client.until("synced")
                await wa.until_nothing_waits()
                assert (await client.send(BO, "back"))["id"]

    asyncio.run(story())


def test_ratchets_go_on_after_the_server_was_stopped(tmp_path: Path) -> None:
    async def story() -> None:
        for round_ in range(3):
            async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
                if round_ == 0:
                    await wa.linked(client)
                await wa.say(BO, NUMBER, f"to Ana {round_}")
                assert (await client.message())["text"] == f"to Ana {round_}"
                await client.send(BO, f"to Bo {round_}")
                assert [letter["text"] for letter in await wa.letters(BO)][-1] == f"to Bo {round_}"
                assert "undecryptable" not in {said["event"] for said in client.heard}

    asyncio.run(story())
