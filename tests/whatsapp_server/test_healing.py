"""Messages that can't be opened, and servers that don't answer as they should, with the unmodified client."""

from pathlib import Path

import pytest

from tests.whatsapp_server.devices import NUMBER, Loopback, RawClient
from tests.whatsapp_server.test_chatting import BO, told

pytestmark = pytest.mark.subprocess

HELD_MS = 3_000
"""Long enough for a busy machine to show which of two things waits."""


def test_a_message_spoilt_on_its_way_to_the_client_comes_again(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await wa.say(BO, NUMBER, "whole")
        await client.message()
        await wa.post("faults/spoil-message")
        name = await wa.say(BO, NUMBER, "spoilt at first")
        assert (await client.until("undecryptable"))["id"] == name
        message = await client.message()
        assert (message["id"], message["text"]) == (name, "spoilt at first")
        await wa.letters(BO, state="delivered")
        await wa.until_nothing_waits()
        await wa.say(BO, NUMBER, "whole again")
        assert (await client.message())["text"] == "whole again"

    told(tmp_path, story)


def test_a_phone_that_lost_its_sessions_asks_the_client_to_send_again(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await client.send(BO, "one")
        await wa.say(BO, NUMBER, "two")
        await client.message()
        await client.send(BO, "three")
        await wa.letters(BO, state="delivered")
        wa.whatsapp._database.run("DELETE FROM phone_sessions")
        for text in ("four", "five"):
            sent = await client.send(BO, text)
            assert (await client.receipt(sent["id"]))["kind"] in ("delivered", "retry")
        texts = {letter["text"] for letter in await wa.until_letters(BO, 5)}
        assert texts == {"one", "two", "three", "four", "five"}
        await wa.say(BO, NUMBER, "six")
        assert (await client.message())["text"] == "six"

    told(tmp_path, story)


def test_a_message_spoilt_between_two_clients_comes_again(tmp_path: Path) -> None:
    async def story(wa: Loopback, ana: RawClient) -> None:
        async with wa.client(tmp_path / "bo.db") as bo:
            await wa.linked(bo, number=BO)
            await ana.send(BO, "one")
            await bo.message()
            await wa.post("faults/spoil-message")
            sent = await ana.send(BO, "two")
            assert (await bo.until("undecryptable"))["id"] == sent["id"]
            assert (await bo.message())["text"] == "two"
            # Two clients that write to each other in the same instant may use one key twice: not what is tested here.
            await ana.receipt(sent["id"], kind="delivered")
            await bo.send(NUMBER, "three")
            assert (await ana.message())["text"] == "three"

    told(tmp_path, story)


def test_a_refused_message_fails_with_its_code_and_reaches_nobody(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await wa.post("faults/refuse-message", code=463, number=NUMBER)
        client.tell(f"send {BO} refused")
        assert "463" in (await client.until("send_failed"))["error"]
        await client.send(BO, "accepted")
        assert [letter["text"] for letter in await wa.letters(BO, state="delivered")] == ["accepted"]

    told(tmp_path, story)


def test_held_acknowledgements_hold_the_sender_and_not_the_message(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await client.send(BO, "quick")
        await wa.post("faults/hold-acks", ms=HELD_MS)
        sent = await client.send(BO, "slow")
        assert sent["took_ms"] >= HELD_MS
        letters = await wa.letters(BO)
        assert (letters[-1]["at"] - letters[0]["at"]) < HELD_MS
        await wa.post("faults/hold-acks")
        assert (await client.send(BO, "quick"))["took_ms"] < HELD_MS

    told(tmp_path, story)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_message_whose_acknowledgement_was_lost_arrives_once(tmp_path: Path, moment: str) -> None:
    """The client sends it again over its next connection, under the same id."""

    async def story(wa: Loopback, client: RawClient) -> None:
        if moment == "after":
            await client.send(BO, "first")
        await wa.post("faults/hold-acks", ms=60_000)
        client.tell(f"send {BO} once")
        await wa.until_letters(BO, 2 if moment == "after" else 1)
        await wa.post("faults/hold-acks")
        await wa.post(f"phones/{NUMBER}/drop")
        await client.until("sent")
        assert [letter["text"] for letter in await wa.letters(BO)][-1] == "once"
        assert len(await wa.letters(BO)) == (2 if moment == "after" else 1)

    told(tmp_path, story)
