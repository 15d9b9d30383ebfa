"""Messages in groups: virtual phones and the unmodified client, each decrypting what the other wrote for all."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from infra.whatsapp_server.accounts import lid_of
from tests.whatsapp_server import test_chatting
from tests.whatsapp_server.devices import NUMBER, PATIENCE_S, Loopback, RawClient, loopback

pytestmark = pytest.mark.subprocess

BO, CLEO = "628111111111", "628222222222"
Story = Callable[[Loopback, RawClient], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    """Run a story with one linked client and two phones of other numbers."""

    async def run() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            await wa.linked(client)
            await wa.post(f"phones/{BO}", name="Bo")
            await wa.post(f"phones/{CLEO}", name="Cleo")
            await story(wa, client)

    asyncio.run(run())


@pytest.mark.parametrize("addressing", ["lid", "pn"])
def test_a_text_of_the_client_reaches_every_member_and_each_of_them_is_told(tmp_path: Path, addressing: str) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", CLEO, NUMBER, addressing=addressing)
        for text in ("Halo semua", "Jam sembilan"):
            name = await client.group("say", group=group, text=text)
            for number in (BO, CLEO):
                letter = (await wa.letters(number, state="delivered"))[-1]
                assert (letter["id"], letter["from"], letter["to"], letter["group"]) == (name, NUMBER, group, group)
                assert (letter["text"], letter["direction"]) == (text, "in")
            readers = {(await client.receipt(name, kind="delivered"))["sender"] for _ in range(2)}
            assert readers == ({lid_of(BO), lid_of(CLEO)} if addressing == "lid" else {BO, CLEO})
        [copy, _] = await wa.letters(NUMBER, state="delivered")
        assert (copy["direction"], copy["text"]) == ("out", "Halo semua")
        assert copy["receipts"] == {BO: "delivered", CLEO: "delivered"}
        await wa.until_nothing_waits()
        assert not any(one["event"] == "receipt" and one["kind"] == "retry" for one in client.heard)

    told(tmp_path, story)


@pytest.mark.parametrize("addressing", ["lid", "pn"])
def test_a_text_of_a_phone_reaches_the_client_and_the_other_phones(tmp_path: Path, addressing: str) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", CLEO, NUMBER, addressing=addressing)
        for text in ("Halo semua", "Jam sembilan"):
            name = await wa.say(BO, group, text)
            message = await client.message(text=text)
            assert (message["id"], message["chat"], message["group"]) == (name, group.partition("@")[0], True)
            assert message["name"] == "Bo"
            by = (message["sender"], message["phone"])
            assert by == ((lid_of(BO), BO) if addressing == "lid" else (BO, lid_of(BO)))
            assert (await wa.letters(CLEO))[-1]["from"] == BO
        await client.group("read", group=group, sender=f"{message['sender']}@lid", id=name)
        await wa.post(f"phones/{CLEO}/read")
        await wa.post(f"phones/{NUMBER}/read")
        await wa.letters(BO, state="read")
        await wa.until_nothing_waits()
        assert not [one for one in client.heard if one["event"] == "undecryptable"]

    told(tmp_path, story)


def test_a_device_that_cant_open_a_phones_message_is_sent_it_again_with_the_key(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", CLEO, NUMBER)
        await wa.post("faults/spoil-message", times=1)
        name = await wa.say(BO, group, "Halo semua")
        await client.until("undecryptable", id=name)
        assert (await client.message(text="Halo semua"))["id"] == name
        await wa.say(BO, group, "Jam sembilan")
        await client.message(text="Jam sembilan")
        await wa.letters(BO, state="delivered")
        await wa.until_nothing_waits()

    told(tmp_path, story)


def test_a_phone_that_lost_its_keys_asks_the_client_again(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", CLEO, NUMBER)
        await client.group("say", group=group, text="one")
        await wa.until_letters(CLEO, 1)
        await wa.say(CLEO, group, "two")  # so that the client's next message begins no session
        await client.message(text="two")
        wa.forget_keys(CLEO)
        name = await client.group("say", group=group, text="three")
        assert (await client.receipt(name, kind="retry"))["sender"] == lid_of(CLEO)
        letters = await wa.until_letters(CLEO, 3)
        assert (letters[-1]["id"], letters[-1]["text"]) == (name, "three")
        await client.group("say", group=group, text="four")
        assert (await wa.until_letters(CLEO, 4))[-1]["text"] == "four"

    told(tmp_path, story)


def test_the_accounts_other_device_sees_what_one_of_them_sends_and_what_the_phone_does(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", CLEO, NUMBER)
        async with wa.client(tmp_path / "other.db") as other:
            await wa.linked(other)
            name = await client.group("say", group=group, text="Halo semua")
            copy = await other.message(text="Halo semua")
            assert (copy["id"], copy["mine"], copy["device"], copy["chat"]) == (name, True, 1, group.partition("@")[0])
            await wa.say(NUMBER, group, "From the phone")
            for device in (client, other):
                assert (await device.message(text="From the phone"))["mine"] is True
            await wa.letters(BO, state="delivered")
            shown = {one["text"]: one["direction"] for one in await wa.letters(NUMBER)}
            assert shown == {"Halo semua": "out", "From the phone": "out"}

    told(tmp_path, story)


def test_devices_of_two_accounts_write_to_each_other_and_repair_what_broke(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        async with wa.client(tmp_path / "other.db") as other:
            await wa.linked(other, number=BO, name="Bo")
            group = await wa.make_group(CLEO, "Kopi", BO, NUMBER)
            await client.group("say", group=group, text="one")
            assert (await other.message(text="one"))["phone"] == NUMBER
            await wa.post("faults/spoil-message", times=1)
            name = await other.group("say", group=group, text="two")
            await client.until("undecryptable", id=name)
            assert (await client.message(text="two"))["sender"] == lid_of(BO)
            await client.group("say", group=group, text="three")
            await other.message(text="three")

    told(tmp_path, story)


def test_who_is_added_later_gets_what_comes_from_then_on_and_who_is_removed_no_more(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", NUMBER)
        path = f"phones/{BO}/groups/{group}"
        await wa.say(BO, group, "before")
        await client.group("say", group=group, text="before, too")
        await wa.post(f"{path}/add", members=[CLEO])
        await client.changed(group, join=[f"{lid_of(CLEO)}@lid"])
        await wa.say(BO, group, "with Cleo")
        await client.group("say", group=group, text="with Cleo, too")
        assert [one["text"] for one in await wa.until_letters(CLEO, 2)] == ["with Cleo", "with Cleo, too"]
        await wa.post(f"{path}/remove", members=[CLEO])
        await client.changed(group, leave=[f"{lid_of(CLEO)}@lid"])
        await wa.say(BO, group, "without Cleo")
        await client.message(text="without Cleo")
        await client.group("say", group=group, text="without Cleo, too")
        await wa.until_letters(BO, 6)
        assert len(await wa.letters(CLEO)) == 2
        status, answer = await wa.post(f"phones/{CLEO}/say", to=group, text="let me in")
        assert (status, answer["code"]) == (403, "not_a_member")

    told(tmp_path, story)


def test_a_client_that_was_added_reads_on_from_there_and_may_not_write_once_it_is_removed(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", CLEO)
        await wa.say(BO, group, "before")
        assert "not participating" in await client.refusal("say", group=group, text="hello")
        assert "does not exist" in await client.refusal("say", group="120363000000000000@g.us", text="hello")
        await wa.post(f"phones/{BO}/groups/{group}/add", members=[NUMBER])
        joined = await client.joined(group)
        assert (joined["subject"], joined["members"][-1]) == ("Kopi", f"{lid_of(NUMBER)}@lid")
        await wa.say(BO, group, "with Ana")
        await client.message(text="with Ana")
        await client.group("say", group=group, text="hello")
        await wa.post(f"phones/{BO}/groups/{group}/remove", members=[NUMBER])
        await client.changed(group, leave=[f"{lid_of(NUMBER)}@lid"])
        assert "403" in await client.refusal("say", group=group, text="hello again")
        await wa.say(BO, group, "without Ana")
        await wa.until_nothing_waits()
        assert {one["text"] for one in client.heard if one["event"] == "message" and one["text"]} == {"with Ana"}
        assert {one["text"] for one in await wa.letters(CLEO)} == {"before", "with Ana", "hello", "without Ana"}

    told(tmp_path, story)


def test_where_only_admins_write_the_client_is_refused_until_it_is_one(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", CLEO, NUMBER)
        await wa.post(f"phones/{BO}/groups/{group}/announce", on=True)
        await client.changed(group, announcement=True)
        assert "403" in await client.refusal("say", group=group, text="hello")
        assert (await wa.post(f"phones/{CLEO}/say", to=group, text="hello"))[1]["code"] == "not_an_admin"
        await wa.post(f"phones/{BO}/groups/{group}/promote", members=[NUMBER])
        await client.changed(group, promote=[f"{lid_of(NUMBER)}@lid"])
        await client.group("say", group=group, text="hello")
        assert [one["text"] for one in await wa.until_letters(CLEO, 1)] == ["hello"]

    told(tmp_path, story)


def test_a_message_in_a_group_is_quoted_changed_reacted_to_and_deleted_by_an_admin(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", CLEO, NUMBER)
        said = await wa.say(CLEO, group, "Jam sembilan")
        await client.message(text="Jam sembilan")
        await wa.until_letters(BO, 1)
        for fields in ({"kind": "reply", "text": "Setuju"}, {"kind": "react", "emoji": "👍"}, {"kind": "delete"}):
            status, answer = await wa.post(f"phones/{BO}/send", to=group, id=said, **fields)
            assert status == 200, answer
        heard = await client.until("message", id=answer["id"])
        assert (heard["edit"], heard["key"]) == (
            "8",
            {"id": said, "from_me": False, "participant": f"{lid_of(CLEO)}@lid"},
        )
        status, answer = await wa.post(f"phones/{CLEO}/send", to=group, id=answer["id"], kind="delete")
        assert (status, answer["code"]) == (404, "unknown_message")

    told(tmp_path, story)


def test_who_types_in_a_group_is_seen_by_its_members_and_by_no_others(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        await test_chatting.knows_its_name(client)
        group = await wa.make_group(BO, "Kopi", NUMBER)
        await wa.post(f"phones/{BO}/typing", to=group, state="recording")
        seen = await client.until("typing", sender=lid_of(BO))
        assert (seen["chat"], seen["state"], seen["media"]) == (group.partition("@")[0], "COMPOSING", "AUDIO")
        await client.group("type", group=group, state="CHAT_PRESENCE_COMPOSING")
        async with asyncio.timeout(PATIENCE_S):
            while f"{group}/{NUMBER}" not in (shown := (await wa.get(f"phones/{BO}/presence"))["chats"]):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert shown[f"{group}/{NUMBER}"]["typing"] == "composing"
        assert not [chat for chat in (await wa.get(f"phones/{CLEO}/presence"))["chats"] if "@g.us" in chat]
        status, answer = await wa.post(f"phones/{CLEO}/typing", to=group, state="composing")
        assert (status, answer["code"]) == (403, "not_a_member")

    told(tmp_path, story)


def test_groups_and_what_was_said_in_them_outlive_a_restart(tmp_path: Path) -> None:
    state: dict[str, str] = {}

    async def first(wa: Loopback, client: RawClient) -> None:
        state["group"] = await wa.make_group(BO, "Kopi", CLEO, NUMBER)
        await wa.say(BO, state["group"], "before")
        await client.message(text="before")
        await client.group("say", group=state["group"], text="here")
        await wa.until_letters(CLEO, 2)

    async def second() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            await client.until("connected")
            await wa.say(BO, state["group"], "after")
            assert (await client.message(text="after"))["phone"] == BO
            await client.group("say", group=state["group"], text="there")
            assert [one["text"] for one in await wa.until_letters(CLEO, 4)] == ["before", "here", "after", "there"]

    told(tmp_path, first)
    asyncio.run(second())
