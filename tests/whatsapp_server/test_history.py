"""What a phone tells a newly linked device of the past, taken in by the real client."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.whatsapp_server.devices import NUMBER, PATIENCE_S, Loopback, RawClient
from tests.whatsapp_server.test_pairing import told

pytestmark = pytest.mark.subprocess


def secrets_in(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        (count,) = connection.execute("SELECT count(*) FROM whatsmeow_message_secrets").fetchone()
    connection.close()
    return int(count)


def test_a_client_downloads_and_opens_the_history_of_its_phone(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        answered = {"number": NUMBER, "messages": 301, "chats": 7}
        assert await wa.post(f"phones/{NUMBER}/history", messages=301, chats=7) == (200, answered)
        await wa.linked(client)
        async with asyncio.timeout(PATIENCE_S):
            while secrets_in(tmp_path / "device.db") < 301:  # noqa: ASYNC110  # another process's file has no event
                await asyncio.sleep(0.05)
        assert secrets_in(tmp_path / "device.db") == 301
        async with asyncio.timeout(PATIENCE_S):  # the client deletes what it has read
            while (await wa.get("media"))["files"][0]["kept"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    told(tmp_path, story)


def test_a_history_has_a_bounded_length(tmp_path: Path) -> None:
    async def story(wa: Loopback, _client: RawClient) -> None:
        for wrong in ({"messages": 200_001}, {"messages": -1}, {"messages": 1, "chats": 0}):
            status, answer = await wa.post(f"phones/{NUMBER}/history", **wrong)
            assert (status, answer["code"]) == (400, "bad_request")

    told(tmp_path, story)
