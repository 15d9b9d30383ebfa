"""Messages over killed clients and killed servers."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from infra.whatsapp_server import WhatsApp
from tests.whatsapp_server.devices import NUMBER, PATIENCE_S, Loopback, loopback
from tests.whatsapp_server.test_chatting import BO

pytestmark = pytest.mark.subprocess

KILLS = 4


class Elsewhere:
    """What a loopback WhatsApp in another process says of itself."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told

    def client_environment(self) -> dict[str, str]:
        return dict(self._told["environment"])


@asynccontextmanager
async def elsewhere(state: Path) -> AsyncIterator[Loopback]:
    """A loopback WhatsApp in a process of its own, which is killed in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.whatsapp_server", "--state", str(state), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        told = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as http:
            yield Loopback(cast("WhatsApp", Elsewhere(told)), told["control"], http, state / "client-errors.log")
    finally:
        process.kill()
        await process.communicate()


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


def test_a_killed_server_forgets_no_message_and_no_ratchet(tmp_path: Path) -> None:
    """It is killed right after its last word, with a message waiting and sessions that went on."""

    async def story() -> None:
        waiting: list[str] = []
        for round_ in range(3):
            async with elsewhere(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
                if round_ == 0:
                    await wa.linked(client)
                for name in waiting:
                    assert (await client.message())["id"] == name
                await wa.say(BO, NUMBER, f"to Ana {round_}")
                assert (await client.message())["text"] == f"to Ana {round_}"
                await client.send(BO, f"to Bo {round_}")
                assert "undecryptable" not in {said["event"] for said in client.heard}
                await client.kill()
                await wa.until_online(online=False)
                waiting = [await wa.say(BO, NUMBER, f"while away {round_}")]
        async with elsewhere(tmp_path / "wa") as wa:
            texts = [letter["text"] for letter in await wa.letters(BO) if letter["direction"] == "in"]
            assert texts == ["to Bo 0", "to Bo 1", "to Bo 2"]

    asyncio.run(story())


def opened(database: Path) -> set[str]:
    """The messages that a client has opened: of each it keeps a secret, before it tells anybody."""
    with closing(sqlite3.connect(database, timeout=PATIENCE_S)) as connection:
        return {name for (name,) in connection.execute("SELECT message_id FROM whatsmeow_message_secrets")}


def test_each_message_over_killed_clients_is_heard_or_was_acknowledged(tmp_path: Path) -> None:
    """But for those that a client had opened, and neither told nor acknowledged: it keeps first that it opened one, and
    drops it as a repetition when it comes again. How many those are depends on the machine; the client's file says
    which."""

    async def story() -> None:
        said: list[str] = []
        heard: list[str] = []
        owed: set[str] = set()
        async with loopback(tmp_path / "wa") as wa:
            for round_ in range(KILLS):
                async with wa.client(tmp_path / "device.db") as client:
                    if round_ == 0:
                        await wa.linked(client)
                    said += [await wa.say(BO, NUMBER, f"{round_} {count}") for count in range(20)]
                    for _ in range(6 * round_):
                        await client.message()
                    await client.kill()
                    heard += [one["id"] for one in client.heard if one["event"] == "message"]
                await wa.until_online(online=False)
                rows = wa.whatsapp._database.rows("SELECT id FROM mail WHERE device = 1 AND tag = 'message'")
                owed |= {name for (name,) in rows}
            async with wa.client(tmp_path / "device.db") as client:
                await client.until("synced")
                await wa.until_nothing_waits()
                last = await wa.say(BO, NUMBER, "last")
                await client.until("message", id=last)
                heard += [one["id"] for one in client.heard if one["event"] == "message"]
        assert len(owed - set(heard) - opened(tmp_path / "device.db")) <= KILLS, (
            "one at a kill: it opens one after another"
        )
        assert len(heard) == len(set(heard))
        assert [name for name in heard if name in said] == [name for name in said if name in heard]

    asyncio.run(story())
