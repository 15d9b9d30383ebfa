"""The unmodified client chatting with virtual phones, and with another unmodified client."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.whatsapp_server.devices import NUMBER, PATIENCE_S, Loopback, RawClient, loopback

pytestmark = pytest.mark.subprocess

BO = "628111111111"
Story = Callable[[Loopback, RawClient], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    """Run a story with one linked client and a phone of another number."""

    async def run() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            await wa.linked(client)
            await wa.post(f"phones/{BO}", name="Bo")
            await story(wa, client)

    asyncio.run(run())


async def knows_its_name(client: RawClient) -> None:
    """Wait until the client lets itself be seen, which it does only under a name."""
    async with asyncio.timeout(PATIENCE_S):
        client.tell("available")
        while not (await client.until("presence"))["available"]:
            await asyncio.sleep(0.05)
            client.tell("available")


def test_a_text_of_the_client_reaches_the_phone_and_its_own(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        sent = await client.send(BO, "Halo, Bo! 👋")
        assert (await client.receipt(sent["id"]))["kind"] == "delivered"
        [letter] = await wa.letters(BO, state="delivered")
        assert (letter["id"], letter["from"], letter["text"]) == (sent["id"], NUMBER, "Halo, Bo! 👋")
        [copy] = await wa.letters(NUMBER, state="delivered")
        assert (copy["id"], copy["direction"], copy["to"], copy["text"]) == (sent["id"], "out", BO, "Halo, Bo! 👋")
        await wa.post(f"phones/{BO}/read")
        assert (await client.receipt(sent["id"]))["kind"] == "read"

    told(tmp_path, story)


def test_a_text_of_the_phone_reaches_the_client(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        name = await wa.say(BO, NUMBER, "Halo, Ana!")
        message = await client.message()
        assert (message["id"], message["text"], message["phone"], message["name"]) == (name, "Halo, Ana!", BO, "Bo")
        assert (message["chat"], message["mine"], message["device"]) == (message["sender"], False, 0)
        client.tell(f"read {message['sender']} {name}")
        await wa.letters(BO, state="read")
        await wa.until_nothing_waits()

    told(tmp_path, story)


def test_what_a_phone_sends_to_a_list_comes_to_the_client_from_the_list_and_its_owner_hears_of_it(
    tmp_path: Path,
) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        _, answer = await wa.post(f"phones/{BO}/broadcast", to=[NUMBER], text="Promo!")
        message = await client.message()
        assert (message["id"], message["text"], message["phone"]) == (answer["ids"][0], "Promo!", BO)
        assert message["chat"] != message["sender"]
        await wa.letters(BO, state="delivered")
        await wa.until_nothing_waits()

    told(tmp_path, story)


def test_what_the_own_phone_sends_comes_to_the_client_too(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        name = await wa.say(NUMBER, BO, "from my hand")
        message = await client.message()
        assert (message["id"], message["text"], message["mine"]) == (name, "from my hand", True)
        assert (await client.receipt(name))["kind"] == "delivered"

    told(tmp_path, story)


def test_a_new_client_learns_its_name(tmp_path: Path) -> None:
    async def story(_wa: Loopback, client: RawClient) -> None:
        await knows_its_name(client)

    told(tmp_path, story)


def test_a_new_client_that_cant_open_its_greeting_is_greeted_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            await wa.post("faults/spoil-message")
            await wa.linked(client)
            await knows_its_name(client)
            assert "undecryptable" in {said["event"] for said in client.heard}

    asyncio.run(story())


def test_a_number_that_nobody_has_is_not_on_whatsapp(tmp_path: Path) -> None:
    async def story(_wa: Loopback, client: RawClient) -> None:
        client.tell("send 628999999999 hello")
        assert "no LID found" in (await client.until("send_failed"))["error"]

    told(tmp_path, story)


def test_two_clients_of_two_accounts_chat(tmp_path: Path) -> None:
    async def story(wa: Loopback, ana: RawClient) -> None:
        async with wa.client(tmp_path / "bo.db") as bo:
            await wa.linked(bo, number=BO, name="Bo")
            for count in range(3):
                sent = await ana.send(BO, f"to Bo {count}")
                assert (await bo.message())["id"] == sent["id"]
                answer = await bo.send(NUMBER, f"to Ana {count}")
                message = await ana.message()
                assert (message["id"], message["text"], message["device"]) == (answer["id"], f"to Ana {count}", 1)
            texts = [letter["text"] for letter in await wa.letters(BO)]
            assert texts == [f"to {name} {count}" for count in range(3) for name in ("Bo", "Ana")]
            await wa.until_nothing_waits()

    told(tmp_path, story)


def test_a_device_linked_later_gets_what_is_written_from_then_on(tmp_path: Path) -> None:
    async def story(wa: Loopback, ana: RawClient) -> None:
        await ana.send(BO, "early")
        async with wa.client(tmp_path / "bo.db") as bo:
            await wa.linked(bo, number=BO)
            sent = await ana.send(BO, "late")
            message = await bo.message()
            assert (message["id"], message["text"]) == (sent["id"], "late")
            await wa.post(f"phones/{BO}/unlink")
            await bo.until("logged_out")
            await ana.send(BO, "latest")
            assert len(await wa.letters(BO)) == 3

    told(tmp_path, story)


def test_many_texts_both_ways_at_once_arrive(tmp_path: Path) -> None:
    """A client that sends while it receives may use a key twice, or forget one: then what follows must heal it."""

    async def story(wa: Loopback, client: RawClient) -> None:
        names = []
        for count in range(30):
            client.tell(f"send {BO} out {count}")
            names.append(await wa.say(BO, NUMBER, f"in {count}"))
        heard = [await client.message() for _ in names]
        assert {message["id"] for message in heard} == set(names)
        letters = await wa.until_letters(BO, 60)
        came = {letter["text"] for letter in letters if letter["direction"] == "in"}
        assert came == {f"out {count}" for count in range(30)}

    told(tmp_path, story)


def test_many_texts_of_the_client_arrive_in_order(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        for count in range(30):
            client.tell(f"send {BO} out {count}")
        letters = await wa.until_letters(BO, 30)
        assert [letter["text"] for letter in letters] == [f"out {count}" for count in range(30)]

    told(tmp_path, story)


def test_texts_never_reach_the_servers_log(tmp_path: Path, caplog: Any) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await client.send(BO, "a-secret-out")
        await wa.say(BO, NUMBER, "a-secret-in")
        await client.message()

    caplog.set_level(0)
    told(tmp_path, story)
    assert "a-secret" not in caplog.text
