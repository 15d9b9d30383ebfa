"""Who is online, types and calls, between virtual phones and the unmodified client, both ways."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from infra.whatsapp_server.accounts import lid_of
from tests.whatsapp_server.devices import NUMBER, PATIENCE_S, Loopback, RawClient, loopback
from tests.whatsapp_server.test_chatting import BO, knows_its_name, told

pytestmark = pytest.mark.subprocess

BO_LID = lid_of(BO)


async def until_seen(wa: Loopback, **fields: object) -> dict[str, Any]:
    """Wait until Bo's phone sees this of Ana."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            seen: dict[str, Any] = (await wa.get(f"phones/{BO}/presence"))["chats"][NUMBER]
            if fields.items() <= seen.items():
                return seen
            await asyncio.sleep(0.02)


def test_a_phone_sees_whether_the_clients_account_is_online(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await knows_its_name(client)
        assert (await until_seen(wa, online=True))["last_seen"] is None
        client.tell("hidden")
        assert (await until_seen(wa, online=False))["last_seen"] > 1_700_000_000_000
        client.tell("available")
        await until_seen(wa, online=True)
        await wa.post(f"phones/{NUMBER}/drop")
        await until_seen(wa, online=False)

    told(tmp_path, story)


def test_the_client_hears_who_it_subscribed_to(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await knows_its_name(client)
        client.tell(f"subscribe {BO_LID}")
        assert (await client.until("presence_of", sender=BO_LID))["unavailable"]
        assert (await wa.post(f"phones/{BO}/online", online=True))[1]["online"]
        assert not (await client.until("presence_of", sender=BO_LID))["unavailable"]
        await wa.post(f"phones/{BO}/online", online=True)  # nothing new
        await wa.post(f"phones/{BO}/online", online=False)
        gone = await client.until("presence_of", sender=BO_LID)
        assert gone["unavailable"]
        assert gone["last_seen"] > 1_700_000_000

    told(tmp_path, story)


def test_each_side_sees_the_other_type_and_record(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        for state, heard in (
            ("composing", ("COMPOSING", "TEXT")),
            ("recording", ("COMPOSING", "AUDIO")),
            ("paused", ("PAUSED", "TEXT")),
        ):
            await wa.post(f"phones/{BO}/typing", to=NUMBER, state=state)
            told = await client.until("typing", sender=BO_LID)
            assert (told["state"], told["media"]) == heard
            client.tell(f"typing {BO_LID} {state}")
            await until_seen(wa, typing=state)

    told(tmp_path, story)


def test_the_client_declines_a_call(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        _, call = await wa.post(f"phones/{BO}/calls", to=NUMBER, video=True)
        offered = await client.until("call", id=call["id"])
        assert (offered["sender"], offered["phone"]) == (BO_LID, BO)
        client.tell(f"reject {BO_LID} {call['id']}")
        await client.until("rejected")
        async with asyncio.timeout(PATIENCE_S):
            while (await wa.get(f"phones/{BO}/calls"))["calls"][0]["state"] == "ringing":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        [declined] = (await wa.get(f"phones/{BO}/calls"))["calls"]
        assert declined == {**call, "state": "declined"}
        await wa.until_nothing_waits()

    told(tmp_path, story)


def test_the_client_hears_that_a_caller_hangs_up(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        _, call = await wa.post(f"phones/{BO}/calls", to=NUMBER)
        await client.until("call", id=call["id"])
        status, ended = await wa.post(f"phones/{BO}/calls/{call['id']}/end", reason="timeout")
        assert (status, ended["state"], ended["reason"]) == (200, "ended", "timeout")
        assert (await client.until("call_ended", id=call["id"]))["reason"] == "timeout"
        status, answer = await wa.post(f"phones/{BO}/calls/{call['id']}/end")
        assert (status, answer["code"]) == (404, "unknown_call")
        await wa.until_nothing_waits()

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        (f"phones/{BO}/typing", {"to": NUMBER, "state": "sleeping"}, 400),
        (f"phones/{BO}/typing", {"to": "628999999999", "state": "paused"}, 404),
        (f"phones/{BO}/online", {"online": 1}, 400),
        (f"phones/{BO}/calls", {"to": BO}, 400),
        (f"phones/{BO}/calls", {"to": "628999999999"}, 404),
    ],
)
def test_what_cant_be_done_is_refused(tmp_path: Path, path: str, fields: dict[str, object], status: int) -> None:
    async def story() -> None:
        async with loopback(tmp_path) as wa:
            for number in (BO, NUMBER):
                await wa.post(f"phones/{number}")
            assert (await wa.post(path, **fields))[0] == status

    asyncio.run(story())
